using System.Diagnostics.Metrics;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>What remembering sessions saves, and whether it works at the moment.</summary>
internal sealed class TrackingMetrics
{
    private readonly Counter<long> _hits;

    public TrackingMetrics(IMeterFactory meters, RememberedSessions remembered)
    {
        var meter = meters.Create(SessionMetrics.MeterName);
        _hits = meter.CreateCounter<long>(
            "gateway.session.tracking.hits", "{lookup}", "Session look-ups answered from memory. gateway.session.lookup.duration counts those that Redis was asked for.");
        meter.CreateObservableGauge(
            "gateway.session.tracking.active", () => remembered.IsProven ? 1 : 0, null, "1 while Redis is known to tell of changed sessions, so that they may be remembered, else 0.");
        meter.CreateObservableGauge("gateway.session.tracking.sessions", () => remembered.Count, "{session}", "Sessions remembered now.");
    }

    public void AnsweredFromMemory() => _hits.Add(1);
}
