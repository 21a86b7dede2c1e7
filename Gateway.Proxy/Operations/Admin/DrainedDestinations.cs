using System.Collections.Concurrent;

namespace Gateway.Proxy.Operations.Admin;

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

    /// <summary>A step of the proxy pipeline, before a destination is picked.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!_drained.IsEmpty)
        {
            var proxy = context.GetReverseProxyFeature();
            var cluster = proxy.Cluster.Config.ClusterId;
            proxy.AvailableDestinations = [.. proxy.AvailableDestinations.Where(destination => !Contains(cluster, destination.DestinationId))];
        }

        return next(context);
    }
}
