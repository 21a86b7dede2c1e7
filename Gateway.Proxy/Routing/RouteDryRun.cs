using Gateway.Proxy.Canary;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Builds what YARP will build of valid routes, and throws it away. YARP swaps clusters before it builds routes, so a failure of its own build
/// would leave it with new clusters and old routes.
/// </summary>
internal sealed class RouteDryRun(IEnumerable<IProxyConfigFilter> filters, ITransformBuilder transforms, IForwarderHttpClientFactory clients)
{
    public async Task<IReadOnlyList<string>> FindErrorsAsync(RouteSet set, CancellationToken cancellationToken)
    {
        List<string> errors = [];
        var clusters = new Dictionary<string, ClusterConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var cluster in set.Clusters)
        {
            await TryAsync(
                $"Cluster '{cluster.ClusterId}'",
                errors,
                async () => clusters[cluster.ClusterId] = await BuildAsync(cluster, cancellationToken),
                cancellationToken);
        }

        foreach (var route in set.Routes)
        {
            foreach (var id in CanaryRule.Of(route).Select(rule => rule.ClusterId).Prepend(route.ClusterId ?? "").Distinct(StringComparer.OrdinalIgnoreCase))
            {
                await TryAsync($"Route '{route.RouteId}'", errors, () => BuildAsync(route, clusters.GetValueOrDefault(id), cancellationToken), cancellationToken);
            }
        }

        return errors;
    }

    private static async Task TryAsync(string subject, List<string> errors, Func<Task> build, CancellationToken cancellationToken)
    {
        try
        {
            await build();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            errors.Add($"{subject} cannot be built: {exception.GetBaseException().Message}");
        }
    }

    private async Task<ClusterConfig> BuildAsync(ClusterConfig cluster, CancellationToken cancellationToken)
    {
        foreach (var filter in filters)
        {
            cluster = await filter.ConfigureClusterAsync(cluster, cancellationToken);
        }

        using var client = clients.CreateClient(new ForwarderHttpClientContext
        {
            ClusterId = cluster.ClusterId,
            NewConfig = cluster.HttpClient ?? HttpClientConfig.Empty,
            NewMetadata = cluster.Metadata,
        });
        return cluster;
    }

    private async Task BuildAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancellationToken)
    {
        foreach (var filter in filters)
        {
            route = await filter.ConfigureRouteAsync(route, cluster, cancellationToken);
        }

        transforms.Build(route, cluster);
    }
}
