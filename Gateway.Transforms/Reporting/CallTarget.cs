using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Reporting;

/// <summary>Where a call went.</summary>
/// <param name="Cluster">The cluster of its route.</param>
/// <param name="Destination">The address of the instance that was picked; null when the call ended before that.</param>
internal readonly record struct CallTarget(string? Cluster, string? Destination)
{
    public static CallTarget Of(HttpContext context) =>
        context.Features.Get<IReverseProxyFeature>() is { } proxy
            ? new CallTarget(proxy.Cluster.Config.ClusterId, proxy.ProxiedDestination?.Model.Config.Address)
            : default;
}
