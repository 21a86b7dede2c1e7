using Gateway.Proxy.Resilience.Health;
using Gateway.Transforms.Rpc;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience;

/// <summary>What the settings for failing instances have to be beyond what YARP checks.</summary>
internal static class ResilienceRules
{
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        foreach (var number in ResilienceSettings.Numbers)
        {
            if (cluster.Metadata?.GetValueOrDefault(number.Key) is { } text && !number.TryParse(text, out _))
            {
                yield return $"Cluster '{cluster.ClusterId}': metadata '{number.Key}' is '{text}'; use a number from {number.Min} to {number.Max}, or leave it out.";
            }
        }

        if (GrpcHealth.IsUsedBy(cluster) && !RpcClusters.SpeaksGrpc(cluster))
        {
            yield return $"Cluster '{cluster.ClusterId}': HealthCheck:Active:Policy is '{GrpcHealth.PolicyName}', but metadata 'Protocol' is 'http'; "
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
