using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Upstream;

/// <summary>Which destinations can be connected to, as the gateway's own connections for RPCs tell.</summary>
public sealed class Reachability
{
    private readonly ConditionalWeakTable<DestinationState, UpstreamInstance> _instances = [];

    /// <summary>Whether RPCs have gone to the destination, so that it is known how it can be connected to.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="problem">Why it cannot be connected to; null when it can, as far as anybody has tried.</param>
    public bool IsKnown(DestinationState destination, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var isKnown = _instances.TryGetValue(destination, out var instance);
        problem = instance?.Pools.Select(pool => pool.Problem).FirstOrDefault(reason => reason is not null);
        return isKnown;
    }

    internal void Follow(DestinationState destination, UpstreamInstance instance) => _instances.AddOrUpdate(destination, instance);
}
