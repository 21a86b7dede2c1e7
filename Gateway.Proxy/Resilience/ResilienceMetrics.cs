using System.Diagnostics.Metrics;
using Gateway.Proxy.Operations.Telemetry;

namespace Gateway.Proxy.Resilience;

/// <summary>How often instances failed, and what was done about it.</summary>
internal sealed class ResilienceMetrics
{
    private readonly Counter<long> _ejections;

    public ResilienceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMetrics.MeterName);
        _ejections = meter.CreateCounter<long>("gateway.ejections", "{ejection}", "Instances taken out for a while because they failed.");
    }

    public void Ejected(string cluster, string destination, AttemptResult reason) =>
        _ejections.Add(1, new("cluster", cluster), new("destination", destination), new("reason", NameOf(reason)));

    private static string NameOf(AttemptResult result) => result switch
    {
        AttemptResult.NotSent => "not-sent",
        AttemptResult.Unavailable => "unavailable",
        AttemptResult.Broken => "broken",
        AttemptResult.Garbled => "garbled",
        AttemptResult.Slow => "slow",
        _ => "answered",
    };
}
