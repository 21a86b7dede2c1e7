namespace Gateway.Proxy.Operations.Admin;

/// <summary>A route in force.</summary>
/// <param name="Route">Its id.</param>
/// <param name="Path">What it matches; null for any path.</param>
/// <param name="Methods">The methods it matches; empty for any.</param>
/// <param name="Cluster">Where its requests go.</param>
/// <param name="Rpc">The method that is called; null on a route without the Rpc transform.</param>
/// <param name="RateLimit">The name of its limit; null without one.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
internal sealed record RouteReport(
    string Route, string? Path, IReadOnlyList<string> Methods, string? Cluster, string? Rpc, string? RateLimit, string Origin);
