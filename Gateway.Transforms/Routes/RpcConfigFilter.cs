using System.Net;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Routes;

/// <summary>Fills in what an operator need not write: the HTTP version of a cluster's protocol.</summary>
internal sealed class RpcConfigFilter : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
    {
        RpcProtocols.TryGet(cluster, out var protocol, out _);
        var written = cluster.HttpRequest ?? ForwarderRequestConfig.Empty;
        return new(cluster with
        {
            HttpRequest = written with
            {
                Version = written.Version ?? (protocol == RpcProtocol.Grpc ? HttpVersion.Version20 : HttpVersion.Version11),
                VersionPolicy = written.VersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
                // A call has its own deadline; YARP's idle timeout must not end a slow transfer before that.
                ActivityTimeout = written.ActivityTimeout ?? RpcOptionsValidator.MaxTimeout,
            },
        });
    }

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) => new(route);
}
