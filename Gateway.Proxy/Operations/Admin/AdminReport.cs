using Gateway.Proxy.Discovery;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What an operator sees of the proxy at this moment.</summary>
internal sealed class AdminReport(IProxyStateLookup proxy, ServiceRegistry registry, DrainedDestinations drained)
{
    private const string FromConfiguration = "configuration";

    public IReadOnlyList<RouteReport> Routes() =>
    [
        .. proxy.GetRoutes().Select(route => route.Config).OrderBy(route => route.RouteId, StringComparer.Ordinal).Select(route => new RouteReport(
            route.RouteId,
            route.Match.Path,
            route.Match.Methods ?? [],
            route.ClusterId,
            route.Transforms?.Select(transform => transform.GetValueOrDefault("Rpc")).FirstOrDefault(rpc => rpc is not null),
            route.RateLimiterPolicy)),
    ];

    public IReadOnlyList<ClusterDetails> Clusters()
    {
        var snapshot = registry.Current;
        var keys = snapshot.Services.SelectMany(snapshot.Instances).Select(instance => instance.Key).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. proxy.GetClusters().OrderBy(cluster => cluster.ClusterId, StringComparer.Ordinal).Select(cluster => new ClusterDetails(
                cluster.ClusterId,
                [.. cluster.DestinationsState.AllDestinations.Select(destination => Report(cluster, destination, keys))])),
        ];
    }

    private DestinationReport Report(ClusterState cluster, DestinationState destination, HashSet<string> keys)
    {
        var isDrained = drained.Contains(cluster.ClusterId, destination.DestinationId);
        // The resolver makes the id of the key and the address.
        var key = destination.DestinationId.Split('@')[0];
        return new DestinationReport(
            destination.DestinationId,
            destination.Model.Config.Address,
            keys.Contains(key) ? key : FromConfiguration,
            $"active {destination.Health.Active}, passive {destination.Health.Passive}",
            !isDrained && cluster.DestinationsState.AvailableDestinations.Contains(destination),
            isDrained,
            destination.ConcurrentRequestCount);
    }
}
