namespace Gateway.Proxy.Operations.Admin;

/// <param name="Error">Why a request was refused, with the cure.</param>
internal sealed record ErrorReport(string Error);
