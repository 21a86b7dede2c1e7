using System.Buffers;
using Gateway.Transforms.Events;
using Gateway.Transforms.Rpc;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Destinations;

/// <summary>Calls of the gateway's own, to instances that get clients' calls as well.</summary>
/// <param name="proxy">The clusters as YARP has them. Lazy, because YARP's state in turn needs the transforms, and those this.</param>
/// <param name="calls">Makes them.</param>
/// <param name="drained">Instances that get no new calls.</param>
/// <param name="zone">Those that get them first.</param>
internal sealed class SubServices(Lazy<IProxyStateLookup> proxy, OwnCalls calls, DrainedDestinations drained, ZoneFirst zone) : ISubServices
{
    public async Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
    {
        if (!proxy.Value.TryGetCluster(clusterId, out var cluster)
            || zone.Prefer(drained.Without(cluster.ClusterId, cluster.DestinationsState.AvailableDestinations), cluster.DestinationsState.AllDestinations) is not { Count: > 0 } instances)
        {
            throw new InvalidOperationException($"Cluster '{clusterId}' has no instance that could be asked.");
        }

        var instance = instances[Random.Shared.Next(instances.Count)];
        return await calls.SendAsync(cluster.Model, instance, path, request, maxAnswer, cancellationToken);
    }
}
