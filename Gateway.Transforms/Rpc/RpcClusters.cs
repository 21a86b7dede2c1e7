using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Rpc;

/// <summary>What a host has to know of a cluster's RPC settings in order to validate it.</summary>
public static class RpcClusters
{
    /// <summary>False when the cluster's metadata names a protocol other than <c>grpc</c>, <c>brpc</c> and <c>http</c>.</summary>
    public static bool IsProtocolKnown(ClusterConfig cluster, out string? name) => RpcProtocols.TryGet(cluster, out _, out name);

    /// <summary>Whether sub-services of the cluster are called by gRPC.</summary>
    public static bool SpeaksGrpc(ClusterConfig cluster) => RpcProtocols.TryGet(cluster, out var protocol, out _) && protocol == RpcProtocol.Grpc;
}
