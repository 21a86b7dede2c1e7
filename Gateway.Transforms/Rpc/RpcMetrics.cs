using System.Diagnostics.Metrics;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>How many calls ended how, how long they took, and what is held of those under way.</summary>
internal sealed class RpcMetrics
{
    public const string MeterName = "Gateway.Transforms";

    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _destination;

    public RpcMetrics(IMeterFactory meters, RequestBudget budget)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram("gateway.rpc.duration", "s", "From the request's arrival to the end of its answer.", advice: Buckets);
        // Apart from the routes: instances come and go, and every route times every instance would be too many series.
        _destination = meter.CreateHistogram("gateway.destination.duration", "s", "The same, of the calls an instance was picked for.", advice: Buckets);
        meter.CreateObservableGauge("gateway.requests.held", () => Measure(budget), "By", "Bytes of large requests held in memory, by whether their sender is known.");
        meter.CreateObservableGauge("gateway.requests.held.max", () => budget.Max, "By", "The most bytes of large requests that may be held in memory.");
    }

    public void Count(RpcRoute route, RpcOutcome outcome, CallTarget target, TimeSpan duration)
    {
        var code = new KeyValuePair<string, object?>("outcome", OutcomeTexts.Of(outcome).Code);
        var cluster = new KeyValuePair<string, object?>("cluster", target.Cluster);
        _duration.Record(duration.TotalSeconds, new("route", route.RouteId), code, cluster);
        if (target.Destination is not null)
        {
            _destination.Record(duration.TotalSeconds, new("destination", target.Destination), code, cluster);
        }
    }

    private static IEnumerable<Measurement<long>> Measure(RequestBudget budget)
    {
        var unknown = budget.HeldOfUnknown;
        return
        [
            new(Math.Max(0, budget.Held - unknown), new KeyValuePair<string, object?>("sender", "known")),
            new(unknown, new KeyValuePair<string, object?>("sender", "unknown")),
        ];
    }
}
