using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Rpc;

/// <summary>How the sub-services of a cluster are spoken to: cluster metadata <c>Protocol</c> in yarp.json.</summary>
internal enum RpcProtocol
{
    /// <summary>gRPC over cleartext HTTP/2, or over TLS for an https address. The default.</summary>
    Grpc,

    /// <summary>HTTP/1.1 POST of the bare message to the same path: the other face of a brpc server.</summary>
    Http,
}

internal static class RpcProtocols
{
    private const string MetadataKey = "Protocol";

    /// <summary>The protocol of a cluster; false when its metadata names an unknown one, then given in <paramref name="name"/>.</summary>
    public static bool TryGet(ClusterConfig? cluster, out RpcProtocol protocol, out string? name)
    {
        protocol = RpcProtocol.Grpc;
        name = null;
        if (cluster?.Metadata?.TryGetValue(MetadataKey, out name) is not true)
        {
            return true;
        }

        protocol = string.Equals(name, "http", StringComparison.OrdinalIgnoreCase) ? RpcProtocol.Http : RpcProtocol.Grpc;
        return protocol == RpcProtocol.Http || string.Equals(name, "grpc", StringComparison.OrdinalIgnoreCase);
    }
}
