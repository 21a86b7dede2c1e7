using Gateway.Transforms.Routes;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy.Canary;

/// <summary>Where the requests of a route may go instead of its own cluster. Endpoint metadata.</summary>
internal sealed class CanaryRoute : ClusterChoice
{
    private readonly string _cluster;
    private readonly (CanaryTarget Target, string Header, IReadOnlyList<string> Values)[] _headers;
    private readonly List<(CanaryTarget Target, double Chance)> _shares = [];

    private CanaryRoute(RouteConfig route, IReadOnlyList<CanaryRule> rules)
    {
        _cluster = route.ClusterId!;
        var targets = rules.Select(rule => rule.ClusterId).Distinct(StringComparer.OrdinalIgnoreCase).ToDictionary(id => id, id => new CanaryTarget(id), StringComparer.OrdinalIgnoreCase);
        _headers = [.. from rule in rules where rule.Header is not null select (targets[rule.ClusterId], rule.Header, rule.Values)];
        var left = 100m;
        foreach (var (id, percent) in rules.Select(rule => (rule.ClusterId, (decimal)(rule.Percent ?? 0))))
        {
            if (percent > 0 && left > 0)
            {
                // Of those that the shares before have left, so that each gets its percent of all.
                _shares.Add((targets[id], (double)(percent / left)));
                left -= percent;
            }
        }
    }

    /// <summary>What the route says; null where it has no canary.</summary>
    public static CanaryRoute? Of(RouteConfig route) => CanaryRule.Of(route) is { Count: > 0 } rules ? new(route, rules) : null;

    /// <summary>The cluster that a header asks for, the route's own perhaps; null where none does.</summary>
    public CanaryTarget? ByHeader(IHeaderDictionary headers)
    {
        foreach (var (target, header, values) in _headers)
        {
            if (headers.TryGetValue(header, out var sent) && values.Any(value => sent.Contains(value, StringComparer.Ordinal)))
            {
                return target;
            }
        }

        return null;
    }

    /// <summary>The cluster whose share somebody belongs to; null for the route's own.</summary>
    public CanaryTarget? ByShare(string who)
    {
        foreach (var (target, chance) in _shares)
        {
            if (CanaryDraw.Of(_cluster, target.ClusterId, who) < chance)
            {
                return target;
            }
        }

        return null;
    }
}

/// <summary>A cluster that requests of a route may go to.</summary>
internal sealed class CanaryTarget(string clusterId)
{
    private Built? _built;

    public string ClusterId => clusterId;

    /// <summary>
    /// The route as it would be with that cluster as its own. The steps to come find the cluster by the route, and transforms may hang on the cluster, as
    /// those of session affinity do.
    /// </summary>
    public RouteModel ModelOf(RouteModel route, ClusterState cluster, ITransformBuilder transforms)
    {
        var settings = cluster.Model;
        if (_built is not { } built || built.Route != route || built.Settings != settings || built.Model.Cluster != cluster)
        {
            _built = built = new Built(route, settings, new RouteModel(route.Config, cluster, transforms.Build(route.Config, settings.Config)));
        }

        return built.Model;
    }

    private sealed record Built(RouteModel Route, ClusterModel Settings, RouteModel Model);
}
