using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Limits;

/// <summary>What rate limits do, by the name of the limit.</summary>
internal sealed class RateLimitMetrics
{
    private readonly UpDownCounter<long> _waiting;
    private readonly Counter<long> _refused;

    public RateLimitMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _waiting = meter.CreateUpDownCounter<long>("gateway.rate_limit.waiting", "{request}", "Requests that wait for their turn.");
        _refused = meter.CreateCounter<long>("gateway.rate_limit.refused", "{request}", "Requests that a rate limit refused.");
    }

    public void Waits(string limit, int more) => _waiting.Add(more, Tag(limit));

    public void Refused(string limit) => _refused.Add(1, Tag(limit));

    private static KeyValuePair<string, object?> Tag(string limit) => new("limit", limit);
}
