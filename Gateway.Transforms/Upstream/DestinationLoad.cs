using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// How many requests are under way at each destination. YARP counts those that its own forwarder passes on, and this class counts the RPCs.
/// </summary>
public sealed class DestinationLoad
{
    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _calls = [];

    /// <summary>Requests under way, of any kind.</summary>
    public int Of(DestinationState destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return destination.ConcurrentRequestCount + (_calls.TryGetValue(destination, out var calls) ? Volatile.Read(ref calls.Value) : 0);
    }

    /// <summary>Counts an RPC as under way, until what is returned is disposed of.</summary>
    internal UnderWay Begin(DestinationState destination)
    {
        var calls = _calls.GetOrCreateValue(destination);
        Interlocked.Increment(ref calls.Value);
        return new UnderWay(calls);
    }

    internal readonly struct UnderWay(StrongBox<int> calls) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref calls.Value);
    }
}

/// <summary>YARP's policy of this name, with RPCs in its count: of two random destinations the one with fewer requests under way.</summary>
internal sealed class PowerOfTwoChoices(DestinationLoad load) : ILoadBalancingPolicy
{
    public string Name => LoadBalancingPolicies.PowerOfTwoChoices;

    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var count = availableDestinations.Count;
        if (count < 2)
        {
            return count == 0 ? null : availableDestinations[0];
        }

        var first = Random.Shared.Next(count);
        // Another one: any of those that are left, counted on from the first.
        var second = (first + 1 + Random.Shared.Next(count - 1)) % count;
        var (one, other) = (availableDestinations[first], availableDestinations[second]);
        return load.Of(one) <= load.Of(other) ? one : other;
    }
}

/// <summary>YARP's policy of this name, with RPCs in its count: the destination with the fewest requests under way.</summary>
internal sealed class LeastRequests(DestinationLoad load) : ILoadBalancingPolicy
{
    public string Name => LoadBalancingPolicies.LeastRequests;

    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations) =>
        availableDestinations.MinBy(load.Of);
}
