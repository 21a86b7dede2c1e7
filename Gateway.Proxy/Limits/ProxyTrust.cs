namespace Gateway.Proxy.Limits;

/// <summary>
/// Which proxies before the gateway may say who the client is: section <c>Gateway:ForwardedHeaders</c>. Without any, the address of
/// the connection counts, whatever a request's headers say.
/// </summary>
public sealed class ProxyTrust
{
    public const string SectionName = "Gateway:ForwardedHeaders";

    /// <summary>Their addresses, as <c>10.0.0.2</c>.</summary>
    public IList<string> KnownProxies { get; init; } = [];

    /// <summary>Their networks, as <c>10.0.0.0/24</c>.</summary>
    public IList<string> KnownNetworks { get; init; } = [];
}
