namespace Gateway.Proxy.Operations.Admin;

/// <summary>A route in force.</summary>
internal sealed record RouteReport(string Route, string? Path, IReadOnlyList<string> Methods, string? Cluster, string? Rpc, string? RateLimit);
