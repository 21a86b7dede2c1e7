using Gateway.Transforms.Routes;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Limits;

/// <summary>Which rate limits a route has: its <c>RateLimiterPolicy</c>, and those that its metadata name beside it.</summary>
internal sealed class RouteLimits(IOptions<RateLimits> limits) : ICountedFields
{
    private const string MetadataKey = "RateLimits";

    /// <summary>The names of all limits of a route, those of its metadata last.</summary>
    public static IReadOnlyList<string> NamesOf(RouteConfig route) =>
    [
        .. route.RateLimiterPolicy is { Length: > 0 } policy ? [policy] : Array.Empty<string>(),
        .. Further(route),
    ];

    public IEnumerable<(string Limit, string Field)> Of(RouteConfig route) =>
        from name in NamesOf(route)
        where limits.Value.TryGetValue(name, out var limit) && limit.Per == LimitScope.Field
        select (name, limits.Value[name].Field);

    /// <summary>A sentence for each limit that a route cannot have. YARP itself sees to the policy's name.</summary>
    public IEnumerable<string> Check(RouteConfig route)
    {
        foreach (var name in Further(route).Where(name => !limits.Value.Keys.Contains(name, StringComparer.Ordinal)))
        {
            var known = limits.Value.Keys.Count == 0 ? "there are none" : $"use one of {string.Join(", ", limits.Value.Keys.Order(StringComparer.Ordinal).Select(known => $"'{known}'"))}";
            yield return $"Route '{route.RouteId}': metadata '{MetadataKey}' names '{name}', which is no rate limit; {known}.";
        }

        if (!RouteChecks.IsRpc(route))
        {
            foreach (var (name, field) in Of(route))
            {
                yield return $"Route '{route.RouteId}': the rate limit '{name}' counts by the field '{field}', which a route without the transform 'Rpc' does not read; use a limit by address there.";
            }
        }
    }

    private static string[] Further(RouteConfig route) =>
        route.Metadata?.GetValueOrDefault(MetadataKey)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
