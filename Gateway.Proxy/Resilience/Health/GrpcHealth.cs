using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience.Health;

/// <summary>The standard health check of gRPC: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.</summary>
internal static class GrpcHealth
{
    /// <summary>What a cluster says as its <c>HealthCheck:Active:Policy</c>.</summary>
    public const string PolicyName = "GrpcHealth";

    /// <summary>The path of the call.</summary>
    public const string Path = "/grpc.health.v1.Health/Check";

    public static bool IsUsedBy(ClusterConfig cluster) =>
        string.Equals(cluster.HealthCheck?.Active?.Policy, PolicyName, StringComparison.OrdinalIgnoreCase);
}
