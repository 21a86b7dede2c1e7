namespace Gateway.Proxy.Operations.Health;

/// <summary>What <c>/livez</c> says.</summary>
/// <param name="Status">Always <c>live</c>.</param>
internal sealed record LivenessReport(string Status);
