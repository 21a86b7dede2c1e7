using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;
using Gateway.Transforms.Verdicts;

namespace Gateway.Proxy.Resilience;

/// <summary>How often instances failed, and what was done about it.</summary>
internal sealed class ResilienceMetrics
{
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _retries;

    public ResilienceMetrics(IMeterFactory meters, ResilientClusters clusters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _ejections = meter.CreateCounter<long>("gateway.ejections", "{ejection}", "Instances taken out for a while because they failed.");
        _retries = meter.CreateCounter<long>("gateway.retries", "{retry}", "Attempts beyond the first of a request, made or not.");
        meter.CreateObservableGauge("gateway.breaker.open", () => Breakers(clusters), null, "1 while a cluster is left alone because nearly all its calls fail, else 0.");
    }

    public void Ejected(string cluster, string destination, VerdictKind reason) =>
        _ejections.Add(1, new("cluster", cluster), new("destination", destination), new("reason", NameOf(reason)));

    /// <param name="cluster">The cluster.</param>
    /// <param name="result"><c>ok</c> or <c>failed</c>, or why there was none: <c>no-instance</c>, <c>no-budget</c>.</param>
    public void Retried(string cluster, string result) => _retries.Add(1, new("cluster", cluster), new("result", result));

    private static IEnumerable<Measurement<int>> Breakers(ResilientClusters clusters) =>
        clusters.All.Select(cluster => new Measurement<int>(cluster.Breaker.IsOpen ? 1 : 0, new KeyValuePair<string, object?>("cluster", cluster.Id)));

    private static string NameOf(VerdictKind kind) => kind switch
    {
        VerdictKind.Unjudged => "unjudged",
        VerdictKind.Answered => "answered",
        VerdictKind.Unreachable => "unreachable",
        VerdictKind.Unavailable => "unavailable",
        VerdictKind.Broken => "broken",
        VerdictKind.Garbled => "garbled",
        VerdictKind.Slow => "slow",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
