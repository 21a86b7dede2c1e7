using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>What a cluster has to be beyond what YARP checks.</summary>
internal static class ClusterRules
{
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        if (!RpcClusters.IsProtocolKnown(cluster, out var protocol))
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata 'Protocol' is '{protocol}'; use 'grpc', 'brpc' or 'http'.";
        }

        if (cluster.Destinations is not { Count: > 0 })
        {
            yield return $"Cluster '{cluster.ClusterId}' has no destinations; give at least one with an 'Address'.";
        }

        foreach (var (name, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>())
        {
            if (!IsAddress(destination.Address))
            {
                yield return $"Cluster '{cluster.ClusterId}': destination '{name}' has the address '{destination.Address}'; "
                    + "use 'http://host:port', 'https://host:port' or 'etcd:///service/name'.";
            }
        }
    }

    private static bool IsAddress(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme switch
        {
            "http" or "https" => uri.Host.Length > 0,
            // EtcdRules looks closer at these.
            "etcd" => true,
            _ => false,
        };
}
