namespace Gateway.Proxy.Operations.Admin;

/// <summary>What is wrong with a route file.</summary>
/// <param name="Valid">The gateway would take it.</param>
/// <param name="Errors">Every mistake, a sentence each; empty if it is valid.</param>
internal sealed record ValidationReport(bool Valid, IReadOnlyList<string> Errors);
