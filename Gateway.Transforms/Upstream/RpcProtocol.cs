using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Upstream;

/// <summary>How the sub-services of a cluster are spoken to: cluster metadata <c>Protocol</c> in yarp.json.</summary>
internal enum RpcProtocol
{
    /// <summary>gRPC over cleartext HTTP/2, or over TLS for an https address. The default.</summary>
    Grpc,

    /// <summary>HTTP/1.1 POST of the bare message to the same path: the other face of a brpc server.</summary>
    Http,

    /// <summary>baidu_std, brpc's own protocol: many calls on one connection, and nothing of HTTP.</summary>
    Brpc,
}

internal static class RpcProtocols
{
    private const string MetadataKey = "Protocol";

    /// <summary>The protocol of a cluster; false when its metadata names an unknown one, then given in <paramref name="name"/>.</summary>
    public static bool TryGet(ClusterConfig? cluster, out RpcProtocol protocol, out string? name)
    {
        name = cluster?.Metadata?.GetValueOrDefault(MetadataKey);
        (protocol, var isKnown) = name switch
        {
            null => (RpcProtocol.Grpc, true),
            _ when name.Equals("grpc", StringComparison.OrdinalIgnoreCase) => (RpcProtocol.Grpc, true),
            _ when name.Equals("http", StringComparison.OrdinalIgnoreCase) => (RpcProtocol.Http, true),
            _ when name.Equals("brpc", StringComparison.OrdinalIgnoreCase) => (RpcProtocol.Brpc, true),
            _ => (RpcProtocol.Grpc, false),
        };
        return isKnown;
    }
}

/// <summary>What a host has to know of a cluster's RPC settings in order to validate it.</summary>
public static class RpcClusters
{
    /// <summary>False when the cluster's metadata names a protocol other than <c>grpc</c>, <c>brpc</c> and <c>http</c>.</summary>
    public static bool IsProtocolKnown(ClusterConfig cluster, out string? name) => RpcProtocols.TryGet(cluster, out _, out name);

    /// <summary>Whether sub-services of the cluster are called by gRPC.</summary>
    public static bool SpeaksGrpc(ClusterConfig cluster) => RpcProtocols.TryGet(cluster, out var protocol, out _) && protocol == RpcProtocol.Grpc;
}
