using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Discovery;

/// <summary>What a cluster with <c>etcd://</c> addresses needs in order to work.</summary>
internal static class EtcdRules
{
    /// <summary>Mistakes in the addresses themselves.</summary>
    public static IEnumerable<string> CheckAddresses(ClusterConfig cluster, EtcdOptions options)
    {
        foreach (var (id, destination) in EtcdDestinations(cluster))
        {
            if (!EtcdAddress.TryParse(destination.Address, options.ServicePrefix, out _, out var problem))
            {
                yield return $"Cluster '{cluster.ClusterId}': destination '{id}' has the address '{destination.Address}', which {problem}.";
            }
        }
    }

    /// <summary>Whether there is an etcd to ask. Not a mistake of the routes file, so the <c>validate</c> command leaves it out.</summary>
    public static IEnumerable<string> CheckEndpoints(IEnumerable<ClusterConfig> clusters, EtcdOptions options)
    {
        string[] waiting = options.EndpointList().Length > 0
            ? []
            : [.. clusters.Where(cluster => EtcdDestinations(cluster).Any()).Select(cluster => $"'{cluster.ClusterId}'")];
        if (waiting.Length > 0)
        {
            yield return $"{EtcdOptions.SectionName}:Endpoints is empty, but the addresses of {string.Join(", ", waiting)} are in etcd; "
                + "set it to 'http://host:2379', or give these clusters http:// addresses.";
        }
    }

    private static IEnumerable<KeyValuePair<string, DestinationConfig>> EtcdDestinations(ClusterConfig cluster) =>
        cluster.Destinations?.Where(entry => EtcdAddress.IsEtcd(entry.Value.Address)) ?? [];
}
