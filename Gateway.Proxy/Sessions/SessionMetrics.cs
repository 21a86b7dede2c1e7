using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions;

/// <summary>How session look-ups in Redis end, and how long they take.</summary>
internal sealed class SessionMetrics
{
    private readonly Histogram<double> _duration;

    private readonly Counter<long> _renewals;

    public SessionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _duration = meter.CreateHistogram(
            "gateway.session.lookup.duration", "s", "Session look-ups in Redis, by result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5] });
        _renewals = meter.CreateCounter<long>("gateway.session.renewals", "{key}", "Sessions and online markers that were to live on, by result.");
    }

    /// <param name="kind">What the keys are.</param>
    /// <param name="result">What became of them.</param>
    /// <param name="count">How many.</param>
    public void Renewed(string kind, string result, int count)
    {
        if (count > 0)
        {
            _renewals.Add(count, new("kind", kind), new("result", result));
        }
    }

    public void LookedUp(SessionLookup lookup, TimeSpan duration)
    {
        var result = lookup switch
        {
            { UserId: not null } => "found",
            { StoreAnswered: true } => "not-found",
            _ => "store-down",
        };
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("result", result));
    }
}
