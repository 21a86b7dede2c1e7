using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Routing;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What an operator sees of the proxy at this moment.</summary>
internal sealed class AdminReport(
    IProxyStateLookup proxy, RouteProvider routes, ServiceRegistry registry, DrainedDestinations drained, Traffic traffic)
{
    public IReadOnlyList<RouteReport> Routes()
    {
        var origins = routes.Current.Origins;
        return
        [
            .. proxy.GetRoutes().Select(route => route.Config).OrderBy(route => route.RouteId, StringComparer.Ordinal).Select(route => new RouteReport(
                route.RouteId,
                route.Match.Path,
                route.Match.Methods ?? [],
                route.ClusterId,
                route.Transforms?.Select(transform => transform.GetValueOrDefault("Rpc")).FirstOrDefault(rpc => rpc is not null),
                route.RateLimiterPolicy,
                origins.OfRoute(route.RouteId))),
        ];
    }

    public IReadOnlyList<ClusterDetails> Clusters()
    {
        var snapshot = registry.Current;
        var keys = snapshot.Services.SelectMany(snapshot.Instances).Select(instance => instance.Key).ToHashSet(StringComparer.Ordinal);
        var origins = routes.Current.Origins;
        return
        [
            .. proxy.GetClusters().OrderBy(cluster => cluster.ClusterId, StringComparer.Ordinal).Select(cluster => new ClusterDetails(
                cluster.ClusterId,
                origins.OfCluster(cluster.ClusterId),
                [.. cluster.DestinationsState.AllDestinations.OrderBy(destination => destination.DestinationId, StringComparer.Ordinal).Select(destination => Report(cluster, destination, Origin(cluster, destination)))])),
        ];

        string Origin(ClusterState cluster, DestinationState destination)
        {
            // The resolver makes the id of the key and the address.
            var key = destination.DestinationId.Split('@')[0];
            return keys.Contains(key) ? key : origins.OfDestination(cluster.ClusterId, destination.DestinationId);
        }
    }

    private DestinationReport Report(ClusterState cluster, DestinationState destination, string origin)
    {
        var isDrained = drained.Contains(cluster.ClusterId, destination.DestinationId);
        var address = destination.Model.Config.Address;
        var (calls, failed) = traffic.CallsTo(cluster.ClusterId, address);
        return new DestinationReport(
            destination.DestinationId,
            address,
            origin,
            $"active {destination.Health.Active}, passive {destination.Health.Passive}",
            !isDrained && cluster.DestinationsState.AvailableDestinations.Contains(destination),
            isDrained,
            destination.ConcurrentRequestCount,
            calls,
            failed);
    }
}
