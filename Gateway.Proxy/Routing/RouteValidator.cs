using Gateway.Proxy.Discovery;
using Gateway.Proxy.Hub;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Resilience;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Finds every mistake in the routes and clusters: those YARP knows, those of our transforms, and those nobody else looks for.</summary>
internal sealed class RouteValidator(
    IConfigValidator validator, RouteChecks checks, RouteLimits limits, IOptions<UserDetailsOptions> userDetails, InstanceSources sources, IOptions<HookOptions> hook)
{
    private const string UnknownTransform = "Unknown transform: ";

    /// <param name="set">The routes and clusters.</param>
    /// <param name="isMatchKnown">Whether the match of a route is as it was written, so that the route can be compared with others.</param>
    public async Task<IReadOnlyList<string>> FindErrorsAsync(RouteSet set, Func<string, bool> isMatchKnown)
    {
        List<string> errors = [];
        if (set.Routes.Count == 0)
        {
            errors.Add($"Section '{RoutingExtensions.SectionName}' has no routes; list them under '{RoutingExtensions.SectionName}:Routes'.");
        }

        foreach (var cluster in set.Clusters)
        {
            string[] mistakes =
            [
                .. ClusterRules.Check(cluster),
                .. ConcurrencyCaps.Check(cluster),
                .. ResilienceRules.Check(cluster),
                .. UpstreamSettings.Check(cluster),
                .. sources.CheckAddresses(cluster),
                .. (await validator.ValidateClusterAsync(cluster)).Select(error => Name($"Cluster '{cluster.ClusterId}'", cluster.ClusterId, error)),
            ];
            errors.AddRange(mistakes.Select(mistake => set.Origins.AddPlaceOfCluster(mistake, cluster.ClusterId)));
        }

        var clusters = set.Clusters.Select(cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        List<RouteConfig> readable = [];
        foreach (var route in set.Routes)
        {
            List<string> mistakes = [.. RouteRules.CheckCluster(route, clusters), .. CanaryChecks.Check(route, clusters), .. ResilienceRules.Check(route), .. limits.Check(route)];
            string[] unreadable = [.. RouteRules.CheckTexts(route)];
            mistakes.AddRange(unreadable);
            if (unreadable.Length == 0)
            {
                readable.Add(route);
                mistakes.AddRange(checks.CheckLookUps(route, clusters));
                mistakes.AddRange((await validator.ValidateRouteAsync(route)).Select(error => Name($"Route '{route.RouteId}'", route.RouteId, error)));
            }

            errors.AddRange(mistakes.Select(mistake => set.Origins.AddPlaceOfRoute(mistake, route.RouteId)));
        }

        errors.AddRange(RouteRules.CheckEqualMatches(readable.Where(route => isMatchKnown(route.RouteId))));
        errors.AddRange(checks.CheckNames(readable));
        errors.AddRange(checks.CheckTestEvent(set.CatalogName));
        errors.AddRange(checks.CheckUserDetails(userDetails.Value, set.CatalogName, clusters));
        if (hook.Value.ClusterId is { Length: > 0 } reported && !clusters.Contains(reported))
        {
            errors.Add($"{HookOptions.SectionName}:ClusterId is '{reported}', which is no cluster; name the cluster of the service that takes reports, or leave it out.");
        }

        return errors;
    }

    /// <summary>What stands in the way of a gateway, though not of the routes: there is nobody to ask for their instances.</summary>
    public IEnumerable<string> FindMissing(RouteSet set) => sources.FindMissing(set.Clusters);

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
