using System.Security.Authentication;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Upstream;

/// <summary>The connections to a cluster's sub-services, as far as its metadata and its section <c>HttpClient</c> say how they are.</summary>
/// <param name="PingInterval">How long the peer may be silent before a connection with calls under way is pinged; null where none is pinged.</param>
/// <param name="PingTimeout">How long a ping may stay unanswered before the connection is closed.</param>
/// <param name="StreamWindow">How many bytes of an answer a sub-service may send before the client has taken any; null for as many as suits who asks.</param>
/// <param name="MaxConnections">To one instance.</param>
/// <param name="TlsVersions">None for those that the system takes.</param>
/// <param name="TrustsAnyCertificate">Whether the certificate of an <c>https</c> address is taken unseen.</param>
/// <param name="Tls">Which certificates there are, where there is TLS.</param>
public sealed record UpstreamSettings(
    TimeSpan? PingInterval,
    TimeSpan PingTimeout,
    int? StreamWindow,
    int MaxConnections,
    SslProtocols TlsVersions,
    bool TrustsAnyCertificate,
    UpstreamTls Tls)
{
    private const int Unset = 0;

    // Off: a server of gRPC's C core with its defaults takes three pings that come within five minutes of each other for abuse.
    private static readonly ClusterNumber IntervalSeconds = new("PingIntervalSeconds", 0, 3600, 0);

    private static readonly ClusterNumber TimeoutSeconds = new("PingTimeoutSeconds", 1, 300, 20);

    private static readonly ClusterNumber Window = new(nameof(StreamWindow), 65535, 16 << 20, Unset);

    private static readonly ClusterNumber[] Numbers = [IntervalSeconds, TimeoutSeconds, Window];

    /// <summary>The settings of a cluster that has been validated.</summary>
    public static UpstreamSettings Of(IReadOnlyDictionary<string, string>? metadata, HttpClientConfig? client) => new(
        IntervalSeconds.In(metadata) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        TimeSpan.FromSeconds(TimeoutSeconds.In(metadata)),
        Window.In(metadata) is not Unset and var window ? window : null,
        client?.EnableMultipleHttp2Connections is false ? 1 : client?.MaxConnectionsPerServer ?? int.MaxValue,
        client?.SslProtocols ?? SslProtocols.None,
        client?.DangerousAcceptAnyServerCertificate ?? false,
        UpstreamTls.Of(metadata));

    /// <summary>A sentence for each setting that is written wrongly.</summary>
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return [.. ClusterNumber.Check(cluster, Numbers), .. UpstreamTls.Check(cluster)];
    }
}
