using System.Net;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Rpc;

/// <summary>Fills in what an operator need not write: the HTTP version of a cluster's protocol, and the default time of a call.</summary>
internal sealed class RpcConfigFilter(IOptions<RpcOptions> options) : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
    {
        if (!RpcProtocols.TryGet(cluster, out var protocol, out _) || cluster.HttpRequest?.Version is not null)
        {
            return new(cluster);
        }

        var request = (cluster.HttpRequest ?? ForwarderRequestConfig.Empty) with
        {
            Version = protocol == RpcProtocol.Grpc ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            // A call has its own deadline; YARP's idle timeout must not end a slow transfer before that.
            ActivityTimeout = cluster.HttpRequest?.ActivityTimeout ?? RpcOptionsValidator.MaxTimeout,
        };
        return new(cluster with { HttpRequest = request });
    }

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) =>
        new(RpcRouteParser.FindTransform(route) is not null && route is { Timeout: null, TimeoutPolicy: null }
            ? route with { Timeout = options.Value.DefaultTimeout }
            : route);
}
