using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Push;

/// <summary>What sub-services ask for, and what becomes of the events that come of no call.</summary>
internal sealed class PushMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _events;

    public PushMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _duration = meter.CreateHistogram(
            "gateway.push.duration", "s", "Requests of sub-services on the push port, by what they ask for and how it ended.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
        _events = meter.CreateCounter<long>("gateway.push.events", "{event}", "Events that come of no call, by the way they came and what became of them.");
    }

    public void Ended(string method, string result, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("result", result));

    /// <param name="source"><c>api</c>, <c>channel</c> or <c>stream</c>.</param>
    /// <param name="result"><c>taken</c>, <c>incomplete</c>, <c>duplicate</c> or <c>refused</c>.</param>
    public void Came(string source, string result) =>
        _events.Add(1, new KeyValuePair<string, object?>("source", source), new KeyValuePair<string, object?>("result", result));
}
