using Gateway.Proxy.Discovery;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Resilience;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Finds every mistake in the routes and clusters: those YARP knows, those of our transforms, and those nobody else looks for.</summary>
internal sealed class RouteValidator(IConfigValidator validator, RouteChecks checks, IOptions<UserDetailsOptions> userDetails, IOptions<EtcdOptions> etcd)
{
    private const string UnknownTransform = "Unknown transform: ";

    public async Task<IReadOnlyList<string>> FindErrorsAsync(RouteSet set)
    {
        List<string> errors = [];
        if (set.Routes.Count == 0)
        {
            errors.Add($"Section '{RoutingExtensions.SectionName}' has no routes; list them under '{RoutingExtensions.SectionName}:Routes'.");
        }

        foreach (var cluster in set.Clusters)
        {
            errors.AddRange(ClusterRules.Check(cluster));
            errors.AddRange(ConcurrencyCaps.Check(cluster));
            errors.AddRange(ResilienceRules.Check(cluster));
            errors.AddRange(UpstreamSettings.Check(cluster));
            errors.AddRange(EtcdRules.CheckAddresses(cluster, etcd.Value));
            errors.AddRange((await validator.ValidateClusterAsync(cluster)).Select(error => Name($"Cluster '{cluster.ClusterId}'", cluster.ClusterId, error)));
        }

        var clusters = set.Clusters.Select(cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        List<RouteConfig> readable = [];
        foreach (var route in set.Routes)
        {
            errors.AddRange(RouteRules.CheckCluster(route, clusters));
            errors.AddRange(ResilienceRules.Check(route));
            var unreadable = RouteRules.CheckTexts(route).ToList();
            errors.AddRange(unreadable);
            if (unreadable.Count == 0)
            {
                readable.Add(route);
                errors.AddRange(checks.CheckLookUps(route, clusters));
                errors.AddRange((await validator.ValidateRouteAsync(route)).Select(error => Name($"Route '{route.RouteId}'", route.RouteId, error)));
            }
        }

        errors.AddRange(RouteRules.CheckEqualMatches(readable));
        errors.AddRange(checks.CheckNames(readable));
        errors.AddRange(checks.CheckTestEvent(set.CatalogName));
        errors.AddRange(checks.CheckUserDetails(userDetails.Value, set.CatalogName, clusters));
        return errors;
    }

    /// <summary>What stands in the way of a gateway, though not of the routes: there is no etcd to ask for their instances.</summary>
    public IEnumerable<string> FindMissing(RouteSet set) => EtcdRules.CheckEndpoints(set.Clusters, etcd.Value);

    /// <summary>YARP names the subject in some of its sentences and not in others.</summary>
    private static string Name(string subject, string id, Exception error)
    {
        if (error.Message.StartsWith(UnknownTransform, StringComparison.Ordinal))
        {
            return $"{subject}: the transform '{error.Message[UnknownTransform.Length..]}' is unknown; use 'Rpc' or one of YARP's.";
        }

        return error.Message.Contains($"'{id}'", StringComparison.Ordinal) ? error.Message : $"{subject}: {error.Message}";
    }
}
