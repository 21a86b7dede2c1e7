using System.Collections.Concurrent;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Destinations;

/// <summary>
/// Destinations that an operator has taken out: they get no new requests, and those under way end as they would. Kept in this process,
/// so it ends with it, and each gateway has its own.
/// </summary>
internal sealed class DrainedDestinations
{
    private readonly ConcurrentDictionary<(string Cluster, string Destination), byte> _drained = new();

    public bool Contains(string cluster, string destination) => _drained.ContainsKey((cluster, destination));

    public void Drain(string cluster, string destination) => _drained.TryAdd((cluster, destination), 0);

    public void Undrain(string cluster, string destination) => _drained.TryRemove((cluster, destination), out _);

    public IReadOnlyList<DestinationState> Without(string cluster, IReadOnlyList<DestinationState> destinations) =>
        _drained.IsEmpty ? destinations : [.. destinations.Where(destination => !Contains(cluster, destination.DestinationId))];

    /// <summary>A step of the proxy pipeline, before a destination is picked.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var proxy = context.GetReverseProxyFeature();
        proxy.AvailableDestinations = Without(proxy.Cluster.Config.ClusterId, proxy.AvailableDestinations);
        return next(context);
    }
}
