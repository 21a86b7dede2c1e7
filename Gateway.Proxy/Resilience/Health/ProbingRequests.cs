using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Health;

/// <summary>Makes the probes of clusters that ask for gRPC's health check, and leaves those of others to YARP.</summary>
/// <param name="ordinary">YARP's own.</param>
internal sealed class ProbingRequests(IProbingRequestFactory ordinary) : IProbingRequestFactory
{
    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var address = destination.Config.Health is { Length: > 0 } health ? health : destination.Config.Address;
        return GrpcHealth.IsUsedBy(cluster.Config) ? new GrpcHealthProbe(new Uri(address)) : ordinary.CreateRequest(cluster, destination);
    }
}
