using System.Diagnostics;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Telemetry;

/// <summary>
/// Traces begin at the edge: what a request says of a trace counts only where it is trusted, and its baggage never does, because
/// sub-services would take it for ours. What goes out is the standard W3C form.
/// </summary>
internal sealed class EdgePropagator(IOptions<TelemetryOptions> options) : DistributedContextPropagator
{
    private readonly DistributedContextPropagator _standard = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields => _standard.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        _standard.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        (traceId, traceState) = (null, null);
        if (options.Value.TrustTraceParent)
        {
            _standard.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);
        }
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
