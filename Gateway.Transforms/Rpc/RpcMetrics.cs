using System.Diagnostics.Metrics;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Reporting;

namespace Gateway.Transforms.Rpc;

/// <summary>How many calls ended how, and how long they took.</summary>
internal sealed class RpcMetrics
{
    public const string MeterName = "Gateway.Transforms";

    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _destination;

    public RpcMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram("gateway.rpc.duration", "s", "From the request's arrival to the end of its answer.", advice: Buckets);
        // Apart from the routes: instances come and go, and every route times every instance would be too many series.
        _destination = meter.CreateHistogram("gateway.destination.duration", "s", "The same, of the calls an instance was picked for.", advice: Buckets);
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
}
