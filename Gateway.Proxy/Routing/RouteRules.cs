using System.Text.RegularExpressions;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>What routes have to be beyond what YARP checks.</summary>
internal static partial class RouteRules
{
    public static IEnumerable<string> CheckCluster(RouteConfig route, IReadOnlySet<string> clusters)
    {
        if (string.IsNullOrEmpty(route.ClusterId))
        {
            yield return $"Route '{route.RouteId}' has no 'ClusterId'; {Known(clusters)}.";
        }
        else if (!clusters.Contains(route.ClusterId))
        {
            yield return $"Route '{route.RouteId}': ClusterId is '{route.ClusterId}', which is no cluster; {Known(clusters)}.";
        }
    }

    /// <summary>Whoever reads transforms and matches expects texts; a <c>null</c> or an object in the place of one is read as none.</summary>
    public static IEnumerable<string> CheckTexts(RouteConfig route) =>
    [
        .. from transform in route.Transforms ?? []
           from pair in transform
           where pair.Value is null
           select $"Route '{route.RouteId}': transform '{pair.Key}' has no value; write it as one text.",
        .. from list in ListsOf(route.Match)
           where list.Texts?.Any(text => text is null) == true
           select $"Route '{route.RouteId}': Match:{list.Name} has an entry without a value; write each entry as one text.",
    ];

    /// <summary>Two routes that match the same request at the same order would answer it with HTTP 500.</summary>
    public static IEnumerable<string> CheckEqualMatches(IEnumerable<RouteConfig> routes)
    {
        foreach (var group in routes.GroupBy(MatchWithoutMethods, StringComparer.Ordinal))
        {
            var alike = group.ToArray();
            for (var i = 0; i < alike.Length; i++)
            {
                for (var j = i + 1; j < alike.Length; j++)
                {
                    if (SharesMethod(alike[i].Match.Methods, alike[j].Match.Methods))
                    {
                        yield return $"Routes '{alike[i].RouteId}' and '{alike[j].RouteId}' both match '{alike[i].Match.Path}'; "
                            + "change one path, or give them different 'Order'.";
                    }
                }
            }
        }
    }

    /// <summary>What to write instead of an unknown cluster.</summary>
    public static string Known(IReadOnlySet<string> clusters) =>
        clusters.Count == 0 ? "there are no clusters" : $"use one of {string.Join(", ", clusters.Order(StringComparer.Ordinal).Select(id => $"'{id}'"))}";

    private static IEnumerable<(string Name, IReadOnlyList<string>? Texts)> ListsOf(RouteMatch match) =>
    [
        (nameof(match.Methods), match.Methods),
        (nameof(match.Hosts), match.Hosts),
        .. (match.Headers ?? []).Select(header => ($"{nameof(match.Headers)}:{nameof(header.Values)}", header.Values)),
        .. (match.QueryParameters ?? []).Select(query => ($"{nameof(match.QueryParameters)}:{nameof(query.Values)}", query.Values)),
    ];

    private static string MatchWithoutMethods(RouteConfig route)
    {
        var match = route.Match;
        var path = ParameterName().Replace(match.Path?.Trim('/').ToUpperInvariant() ?? "", "{$1");
        var hosts = string.Join(',', (match.Hosts ?? []).Select(host => host.ToUpperInvariant()).Order(StringComparer.Ordinal));
        var headers = string.Join(',', (match.Headers ?? []).Select(h => $"{h.Name}={h.Mode}:{string.Join('|', h.Values ?? [])}"));
        var query = string.Join(',', (match.QueryParameters ?? []).Select(q => $"{q.Name}={q.Mode}:{string.Join('|', q.Values ?? [])}"));
        return $"{route.Order ?? 0}\n{path}\n{hosts}\n{headers}\n{query}";
    }

    private static bool SharesMethod(IReadOnlyList<string>? a, IReadOnlyList<string>? b) =>
        a is not { Count: > 0 } || b is not { Count: > 0 }
            ? a is not { Count: > 0 } && b is not { Count: > 0 }
            : a.Intersect(b, StringComparer.OrdinalIgnoreCase).Any();

    /// <summary>The name of a path parameter, which does not matter to what it matches.</summary>
    [GeneratedRegex(@"\{(\**)[^}:?=]*")]
    private static partial Regex ParameterName();
}
