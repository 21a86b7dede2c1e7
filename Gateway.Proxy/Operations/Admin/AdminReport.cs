using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What an operator sees of the proxy at this moment.</summary>
internal sealed class AdminReport(
    IProxyStateLookup proxy, RouteProvider routes, ServiceRegistry registry, DrainedDestinations drained, Traffic traffic, DestinationLoad load)
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
            load.Of(destination),
            calls,
            failed);
    }
}

/// <summary>A route in force.</summary>
/// <param name="Route">Its id.</param>
/// <param name="Path">What it matches; null for any path.</param>
/// <param name="Methods">The methods it matches; empty for any.</param>
/// <param name="Cluster">Where its requests go.</param>
/// <param name="Rpc">The method that is called; null on a route without the Rpc transform.</param>
/// <param name="RateLimit">The name of its limit; null without one.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
internal sealed record RouteReport(
    string Route, string? Path, IReadOnlyList<string> Methods, string? Cluster, string? Rpc, string? RateLimit, string Origin);

/// <summary>A cluster in force.</summary>
/// <param name="Cluster">Its id.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
/// <param name="Destinations">Where its requests can go.</param>
internal sealed record ClusterDetails(string Cluster, string Origin, IReadOnlyList<DestinationReport> Destinations);

/// <param name="Destination">Its id; what drain and undrain take.</param>
/// <param name="Address">Where requests go.</param>
/// <param name="Origin">The etcd key it registered with; for a fixed address the file it is written in, or the kind of source.</param>
/// <param name="Health">YARP's active and passive checks, <c>Unknown</c> where there are none.</param>
/// <param name="Available">It gets requests.</param>
/// <param name="Drained">An operator has taken it out.</param>
/// <param name="RunningRequests">Requests under way.</param>
/// <param name="Calls">Calls on RPC routes that have ended, since the gateway started.</param>
/// <param name="FailedCalls">How many of them failed through no fault of the client.</param>
internal sealed record DestinationReport(
    string Destination, string Address, string Origin, string Health, bool Available, bool Drained, int RunningRequests, long Calls, long FailedCalls);
