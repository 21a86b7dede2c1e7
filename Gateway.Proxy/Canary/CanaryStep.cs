using Gateway.Proxy.Destinations;
using Gateway.Proxy.Limits;
using Gateway.Transforms.Rpc;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy.Canary;

/// <summary>
/// A step of the proxy pipeline, once identity is known: gives requests of routes with a canary the cluster that is theirs. All that follows, from the cap
/// of the cluster to its retries, takes it for the cluster of the route.
/// </summary>
internal sealed class CanaryStep(Lazy<IProxyStateLookup> proxy, ITransformBuilder transforms, DrainedDestinations drained, CanaryMetrics metrics)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<CanaryRoute>() is { } canary)
        {
            Choose(context, canary);
        }

        return next(context);
    }

    private void Choose(HttpContext context, CanaryRoute canary)
    {
        var route = context.GetRouteModel();
        var byHeader = canary.ByHeader(context.Request.Headers);
        var target = byHeader ?? canary.ByShare(RpcCall.FindUser(context) ?? LimitPartition.Of(context.Connection.RemoteIpAddress));
        var reason = target is null ? CanaryReason.Rest : byHeader is null ? CanaryReason.Percent : CanaryReason.Header;
        if (target is not null && !string.Equals(target.ClusterId, route.Cluster!.ClusterId, StringComparison.OrdinalIgnoreCase))
        {
            if (FindServing(target.ClusterId) is { } cluster)
            {
                context.ReassignProxyRequest(target.ModelOf(route, cluster, transforms), cluster);
            }
            else
            {
                reason = CanaryReason.Fallback;
            }
        }

        metrics.Chosen(route.Config.RouteId, context.GetReverseProxyFeature().Cluster.Config.ClusterId, reason);
    }

    /// <summary>The cluster, if there is an instance to call. Null as well for a cluster that a change of the routes has just taken away.</summary>
    private ClusterState? FindServing(string id) =>
        proxy.Value.TryGetCluster(id, out var cluster) && drained.Without(cluster.ClusterId, cluster.DestinationsState.AvailableDestinations).Count > 0 ? cluster : null;
}
