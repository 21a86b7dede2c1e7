using System.Diagnostics.Metrics;
using Gateway.Transforms.Errors;

namespace Gateway.Transforms.Rpc;

/// <summary>How many calls ended how, and how long they took.</summary>
internal sealed class RpcMetrics
{
    public const string MeterName = "Gateway.Transforms";

    private readonly Histogram<double> _duration;

    public RpcMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram<double>("gateway.rpc.duration", "s", "From the request's arrival to the end of its answer, by route and outcome.");
    }

    public void Count(RpcRoute route, RpcOutcome outcome, TimeSpan duration) =>
        _duration.Record(
            duration.TotalSeconds,
            new KeyValuePair<string, object?>("route", route.RouteId),
            new KeyValuePair<string, object?>("outcome", OutcomeTexts.Of(outcome).Code));
}
