using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Finds settings that nothing reads: a misspelt name would otherwise be a setting silently left at its default.</summary>
internal static class UnknownSettings
{
    private static readonly HashSet<string> Route = NamesOf(typeof(RouteConfig), nameof(RouteConfig.RouteId));
    private static readonly HashSet<string> Match = NamesOf(typeof(RouteMatch));
    private static readonly HashSet<string> Cluster = NamesOf(typeof(ClusterConfig), nameof(ClusterConfig.ClusterId));
    private static readonly HashSet<string> Destination = NamesOf(typeof(DestinationConfig));

    public static IEnumerable<string> Find(IConfiguration section)
    {
        foreach (var route in section.GetSection("Routes").GetChildren())
        {
            foreach (var error in Check($"Route '{route.Key}'", route, Route).Concat(
                Check($"Route '{route.Key}': Match", route.GetSection("Match"), Match)))
            {
                yield return error;
            }
        }

        foreach (var cluster in section.GetSection("Clusters").GetChildren())
        {
            foreach (var error in Check($"Cluster '{cluster.Key}'", cluster, Cluster).Concat(
                cluster.GetSection("Destinations").GetChildren().SelectMany(destination =>
                    Check($"Cluster '{cluster.Key}': destination '{destination.Key}'", destination, Destination))))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<string> Check(string subject, IConfigurationSection section, HashSet<string> known) =>
        section.GetChildren().Where(child => !known.Contains(child.Key)).Select(child =>
            $"{subject} has no setting '{child.Key}'; it knows {string.Join(", ", known.Order(StringComparer.Ordinal))}.");

    private static HashSet<string> NamesOf(Type type, params string[] except) =>
        type.GetProperties().Select(property => property.Name).Except(except).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
