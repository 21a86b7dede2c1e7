using Gateway.Proxy.Routing;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Upstream;

/// <summary>The connections to a cluster's sub-services, as far as its metadata say how they are.</summary>
/// <param name="PingInterval">After so much silence a connection with calls under way is pinged; infinite for never.</param>
/// <param name="PingTimeout">How long a ping may stay unanswered before the connection is closed.</param>
/// <param name="StreamWindow">How many bytes of an answer a sub-service may send before the client has taken any.</param>
internal sealed record ConnectionSettings(TimeSpan PingInterval, TimeSpan PingTimeout, int StreamWindow)
{
    // Off: a server of gRPC's C core with its defaults takes three pings that come within five minutes of each other for abuse.
    private static readonly ClusterNumber IntervalSeconds = new("PingIntervalSeconds", 0, 3600, 0);

    private static readonly ClusterNumber TimeoutSeconds = new("PingTimeoutSeconds", 1, 300, 20);

    // brpc's server does not look at the windows of streams, and the HTTP handler closes the connection when one is overrun.
    private static readonly ClusterNumber Window = new(nameof(StreamWindow), 65535, 16 << 20, 16 << 20);

    private static readonly ClusterNumber[] Numbers = [IntervalSeconds, TimeoutSeconds, Window];

    /// <summary>The settings in metadata that have been validated.</summary>
    public static ConnectionSettings Of(IReadOnlyDictionary<string, string>? metadata) => new(
        IntervalSeconds.In(metadata) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
        TimeSpan.FromSeconds(TimeoutSeconds.In(metadata)),
        Window.In(metadata));

    public static IEnumerable<string> Check(ClusterConfig cluster) => ClusterNumber.Check(cluster, Numbers);
}
