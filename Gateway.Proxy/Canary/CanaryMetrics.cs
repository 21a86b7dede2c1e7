using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Canary;

/// <summary>Where the requests of routes with a canary have gone.</summary>
internal sealed class CanaryMetrics
{
    public const string Requests = "gateway.canary.requests";

    private readonly Counter<long> _requests;

    public CanaryMetrics(IMeterFactory meters) => _requests = meters.Create(GatewayMeter.Name).CreateCounter<long>(
        Requests, "{request}", "Requests of routes with a canary, by the cluster that they were given.");

    /// <param name="route">The route.</param>
    /// <param name="cluster">Where the request goes.</param>
    /// <param name="reason">One of <see cref="CanaryReason"/>.</param>
    public void Chosen(string route, string cluster, string reason) => _requests.Add(1, new("route", route), new("cluster", cluster), new("by", reason));
}

/// <summary>Why a request goes where it goes.</summary>
internal static class CanaryReason
{
    /// <summary>Its user belongs to the share of the cluster.</summary>
    public const string Percent = "percent";

    /// <summary>A header of it asked for the cluster.</summary>
    public const string Header = "header";

    /// <summary>It belongs to no share.</summary>
    public const string Rest = "rest";

    /// <summary>It was meant for another cluster, which has no instance to call.</summary>
    public const string Fallback = "fallback";
}
