using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Routing;

/// <summary>How changes of the routes ended, and when routes were taken over last.</summary>
internal sealed class RouteMetrics
{
    private readonly Counter<long> _reloads;

    public RouteMetrics(IMeterFactory meters, RouteStatus status)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _reloads = meter.CreateCounter<long>("gateway.config.reloads", "{reload}", "Changes of the routes, by result.");
        meter.CreateObservableGauge(
            "gateway.config.last_success",
            () => status.Last is { } last ? new Measurement<long>[] { new(last.AppliedAt.ToUnixTimeSeconds()) } : [],
            "s",
            "When the routes in use were taken over, in seconds since 1970.");
        meter.CreateObservableGauge(
            "gateway.config.last_reload_successful",
            () => status.Last is { } last ? new Measurement<int>[] { new(last.Result == RouteReloadResult.Refused ? 0 : 1) } : [],
            null,
            "0 while the last change of the routes is refused, else 1.");
    }

    public void Count(RouteReloadResult result) =>
        _reloads.Add(1, new KeyValuePair<string, object?>("result", result.ToString().ToLowerInvariant()));
}
