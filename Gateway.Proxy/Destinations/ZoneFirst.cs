using System.Runtime.CompilerServices;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Kubernetes;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Destinations;

/// <summary>
/// A step of the proxy pipeline, before a destination is picked. It leaves those of the gateway's own zone, while enough of them are well: at least half
/// as many as were to be expected if all destinations of the cluster were spread evenly over their zones. So a zone with few instances, or with many
/// that fail or are drained, is not overrun by the gateways in it.
/// </summary>
internal sealed class ZoneFirst(IOptions<KubernetesOptions> options)
{
    private readonly string _zone = options.Value.Zone;

    /// <summary>What was found out of lists that stay the same from call to call.</summary>
    private readonly ConditionalWeakTable<IReadOnlyList<DestinationState>, IReadOnlyList<DestinationState>> _known = [];

    public bool IsUsed => options.Value.PreferZone;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var proxy = context.GetReverseProxyFeature();
        var available = proxy.AvailableDestinations;
        // When most look bad, all are used: that list stays the same while their health changes.
        proxy.AvailableDestinations = !ReferenceEquals(available, proxy.AllDestinations) && ReferenceEquals(available, context.GetRouteModel().Cluster?.DestinationsState.AvailableDestinations)
            ? _known.GetValue(available, list => Prefer(list, proxy.AllDestinations))
            : Prefer(available, proxy.AllDestinations);
        return next(context);
    }

    /// <summary>Those of <paramref name="available"/> that should get the next call.</summary>
    /// <param name="available">Destinations that may be used: those that nothing speaks against, or all, when most look bad.</param>
    /// <param name="all">All destinations of the cluster.</param>
    public IReadOnlyList<DestinationState> Prefer(IReadOnlyList<DestinationState> available, IReadOnlyList<DestinationState> all)
    {
        if (!IsUsed)
        {
            return available;
        }

        DestinationState[] near = [.. available.Where(destination => ZoneOf(destination) == _zone && IsWell(destination))];
        return near.Length > 0 && near.Length * all.Select(ZoneOf).Distinct().Count() * 2 >= all.Count ? near : available;
    }

    private static bool IsWell(DestinationState destination) =>
        destination.Health is { Passive: not DestinationHealth.Unhealthy, Active: not DestinationHealth.Unhealthy };

    private static string? ZoneOf(DestinationState destination) => destination.Model.Config.Metadata?.GetValueOrDefault(DestinationResolver.ZoneKey);
}
