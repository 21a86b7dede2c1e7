using Gateway.Proxy.Canary;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Operations.Statistics;
using Gateway.Proxy.Resilience;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What an operator sees of the proxy at this moment.</summary>
internal sealed class AdminReport(
    IProxyStateLookup proxy,
    EndpointDataSource endpoints,
    RouteProvider routes,
    InstanceSources sources,
    Standings standings,
    UpstreamCertificates certificates,
    IOptions<RateLimits> limits,
    Traffic traffic,
    DestinationLoad load)
{
    public IReadOnlyList<RouteReport> Routes()
    {
        var origins = routes.Current.Origins;
        var rpcs = RpcRouteDetails.Of(endpoints);
        return
        [
            .. proxy.GetRoutes().Select(route => route.Config).OrderBy(route => route.RouteId, StringComparer.Ordinal).Select(route => new RouteReport(
                route.RouteId,
                route.Match.Path,
                route.Match.Methods ?? [],
                route.ClusterId,
                CanaryRule.Of(route),
                route.Transforms?.Select(transform => transform.GetValueOrDefault("Rpc")).FirstOrDefault(rpc => rpc is not null),
                rpcs.GetValueOrDefault(route.RouteId),
                RouteLimits.NamesOf(route) is { Count: > 0 } names ? string.Join(", ", names) : null,
                [.. RouteLimits.NamesOf(route).Select(Report).OfType<RateLimitReport>()],
                origins.OfRoute(route.RouteId))),
        ];
    }

    public IReadOnlyList<ClusterDetails> Clusters()
    {
        var keys = sources.All.Select(source => source.Registry.Current)
            .SelectMany(snapshot => snapshot.Services.SelectMany(snapshot.Instances)).Select(instance => instance.Key).ToHashSet(StringComparer.Ordinal);
        var origins = routes.Current.Origins;
        return
        [
            .. proxy.GetClusters().OrderBy(cluster => cluster.ClusterId, StringComparer.Ordinal).Select(cluster => new ClusterDetails(
                cluster.ClusterId,
                origins.OfCluster(cluster.ClusterId),
                certificates.Report(cluster),
                [.. standings.Of(cluster).OrderBy(one => one.Destination.DestinationId, StringComparer.Ordinal).Select(one => Report(cluster, one, Origin(cluster, one.Destination)))])),
        ];

        string Origin(ClusterState cluster, DestinationState destination)
        {
            // The resolver makes the id of the key and the address.
            var key = destination.DestinationId.Split('@')[0];
            return keys.Contains(key) ? key : origins.OfDestination(cluster.ClusterId, destination.DestinationId);
        }
    }

    private RateLimitReport? Report(string name) => limits.Value.TryGetValue(name, out var limit)
        ? new RateLimitReport(name, limit.Permit, limit.Window, limit.Per.ToString(), limit.Field, limit.Shared)
        : null;

    private DestinationReport Report(ClusterState cluster, Standing standing, string origin)
    {
        var destination = standing.Destination;
        var address = destination.Model.Config.Address;
        var (calls, failed, lastMinute) = traffic.CallsTo(cluster.ClusterId, address);
        return new DestinationReport(
            destination.DestinationId,
            address,
            origin,
            standing.Word,
            standing.Reason,
            standing.Until,
            standing.IsUsed,
            load.Of(destination),
            calls,
            failed,
            lastMinute);
    }
}

/// <summary>A route in force.</summary>
/// <param name="Route">Its id.</param>
/// <param name="Path">What it matches; null for any path.</param>
/// <param name="Methods">The methods it matches; empty for any.</param>
/// <param name="Cluster">Where its requests go.</param>
/// <param name="Canary">Which of them go elsewhere.</param>
/// <param name="Rpc">The method that is called; null on a route without the Rpc transform.</param>
/// <param name="RpcDetails">How that method is called; null on a route without the Rpc transform.</param>
/// <param name="RateLimit">The names of its limits; null without one.</param>
/// <param name="RateLimitDetails">What these limits are.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
internal sealed record RouteReport(
    string Route, string? Path, IReadOnlyList<string> Methods, string? Cluster, IReadOnlyList<CanaryRule> Canary, string? Rpc, RpcRouteDetails? RpcDetails, string? RateLimit, IReadOnlyList<RateLimitReport> RateLimitDetails, string Origin);

/// <summary>See <see cref="RateLimit"/>.</summary>
internal sealed record RateLimitReport(string Name, int Permit, TimeSpan Window, string Per, string Field, bool Shared);

/// <summary>A cluster in force.</summary>
/// <param name="Cluster">Its id.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
/// <param name="Tls">How its instances are spoken to over TLS; null where none is.</param>
/// <param name="Destinations">Where its requests can go.</param>
internal sealed record ClusterDetails(string Cluster, string Origin, UpstreamTlsReport? Tls, IReadOnlyList<DestinationReport> Destinations);

/// <param name="Destination">Its id; what drain and undrain take.</param>
/// <param name="Address">Where requests go.</param>
/// <param name="Origin">The etcd key it registered with, the pod, or the name that was looked up; for a fixed address the file it is written in, or the kind of source.</param>
/// <param name="State"><c>available</c>, <c>failing</c>, <c>unreachable</c> or <c>drained</c>.</param>
/// <param name="Reason">Why it is not available, for people; null when it is.</param>
/// <param name="Until">When it gets requests again; null when it is not out for a time.</param>
/// <param name="InUse">It gets requests. When most of a cluster fail, those that fail do so too.</param>
/// <param name="RunningRequests">Requests under way.</param>
/// <param name="Calls">Calls on RPC routes that have ended, since the gateway started.</param>
/// <param name="FailedCalls">How many of them failed through no fault of the client.</param>
/// <param name="LastMinute">Those of the last minute; null when there were none.</param>
internal sealed record DestinationReport(
    string Destination,
    string Address,
    string Origin,
    string State,
    string? Reason,
    DateTimeOffset? Until,
    bool InUse,
    int RunningRequests,
    long Calls,
    long FailedCalls,
    CallRates? LastMinute);
