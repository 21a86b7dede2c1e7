using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Limits;

/// <summary>What limits in routes and clusters have to be beyond what YARP checks.</summary>
internal static class LimitRules
{
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        if (cluster.Metadata?.GetValueOrDefault(ConcurrencyCaps.MetadataKey) is { } cap && !ConcurrencyCaps.TryParse(cap, out _))
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata '{ConcurrencyCaps.MetadataKey}' is '{cap}'; use a number from 1 on, or leave it out.";
        }
    }
}
