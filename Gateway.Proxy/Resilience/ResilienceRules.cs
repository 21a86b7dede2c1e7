using Gateway.Proxy.Destinations.Probing;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience;

/// <summary>What the settings for failing instances have to be beyond what YARP checks.</summary>
internal static class ResilienceRules
{
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        foreach (var mistake in ClusterNumber.Check(cluster, ResilienceSettings.Numbers))
        {
            yield return mistake;
        }

        if (GrpcHealthPolicy.IsUsedBy(cluster) && !RpcClusters.SpeaksGrpc(cluster) && RpcClusters.IsProtocolKnown(cluster, out var protocol))
        {
            yield return $"Cluster '{cluster.ClusterId}': HealthCheck:Active:Policy is '{GrpcHealthPolicy.PolicyName}', but metadata 'Protocol' is '{protocol}'; "
                + "use 'ConsecutiveFailures' with a 'Path', or have the cluster speak gRPC.";
        }
    }

    public static IEnumerable<string> Check(RouteConfig route)
    {
        if (route.Metadata?.GetValueOrDefault(ResilienceSettings.IdempotentKey) is { } text && !bool.TryParse(text, out _))
        {
            yield return $"Route '{route.RouteId}': metadata '{ResilienceSettings.IdempotentKey}' is '{text}'; use 'true' or 'false'.";
        }
    }
}
