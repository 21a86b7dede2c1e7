namespace Gateway.Proxy.Limits;

/// <summary>What the HTTP server bears from clients: section <c>Gateway:Limits</c>. Bodies have limits of their own, by route.</summary>
public sealed class ServerLimits
{
    public const string SectionName = "Gateway:Limits";

    /// <summary>Most connections of each port; one more is closed at once. Default 20000, from 1 to 1000000.</summary>
    public int MaxConnections { get; set; } = 20_000;

    /// <summary>
    /// Most connections that have become WebSockets, apart from those of the WebSocket port. Default 12000, from 1 to 1000000. Keep it above
    /// <c>Gateway:Notify:MaxConnections</c>, which counts all and refuses with a status clients understand.
    /// </summary>
    public int MaxUpgradedConnections { get; set; } = 12_000;

    /// <summary>How long a client may take to send its headers. Default 10 seconds, from 1 second to 5 minutes.</summary>
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>All headers of a request together, in bytes. Default 32 KiB, from 1 KiB to 1 MiB.</summary>
    public int MaxRequestHeadersSize { get; set; } = 32 << 10;

    /// <summary>How long a connection may stay open between requests. Default 130 seconds, from 1 second to 1 hour.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>
    /// The slowest a client may send a body or read an answer, in bytes a second. Default 240, up to 1 MiB; 0 allows any. Does not
    /// hold for WebSockets.
    /// </summary>
    public int MinDataRate { get; set; } = 240;

    /// <summary>How long a client may be slower than <see cref="MinDataRate"/>. Default 5 seconds, from 2 seconds to 5 minutes.</summary>
    public TimeSpan MinDataRateGrace { get; set; } = TimeSpan.FromSeconds(5);
}
