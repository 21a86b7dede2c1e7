using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience;

/// <summary>How a cluster bears failing instances: its metadata, and the times in its section HealthCheck.</summary>
/// <param name="EjectAfterFailures">So many failures in a row take an instance out.</param>
/// <param name="EjectAtFailurePercent">So does this share of its requests of the last ten seconds.</param>
/// <param name="MaxEjectedPercent">When a larger share of the instances than this looks bad, all are used.</param>
/// <param name="EjectionTime">How long an instance is out the first time. It doubles each time that follows soon.</param>
/// <param name="MaxRetries">How often a request may be sent again.</param>
/// <param name="RetryBudgetPercent">How many of the requests may be sent again, on top of a few a second.</param>
/// <param name="BreakerFailurePercent">At this share of failed requests the cluster is left alone for a while; 0 for never.</param>
/// <param name="BreakerPause">For how long.</param>
internal sealed record ResilienceSettings(
    int EjectAfterFailures,
    int EjectAtFailurePercent,
    int MaxEjectedPercent,
    TimeSpan EjectionTime,
    int MaxRetries,
    int RetryBudgetPercent,
    int BreakerFailurePercent,
    TimeSpan BreakerPause)
{
    /// <summary>Fewer requests than this in ten seconds are no share of anything.</summary>
    public const int MinSample = 20;

    /// <summary>Route metadata: a call that may be made twice without harm.</summary>
    public const string IdempotentKey = "Idempotent";

    private static readonly TimeSpan FirstEjection = TimeSpan.FromSeconds(5);

    private static readonly ClusterNumber AfterFailures = new(nameof(EjectAfterFailures), 1, 1000, 5);
    private static readonly ClusterNumber AtFailurePercent = new(nameof(EjectAtFailurePercent), 1, 100, 50);
    private static readonly ClusterNumber EjectedPercent = new(nameof(MaxEjectedPercent), 0, 99, 67);
    private static readonly ClusterNumber Retries = new(nameof(MaxRetries), 0, 5, 2);
    private static readonly ClusterNumber BudgetPercent = new(nameof(RetryBudgetPercent), 0, 100, 20);
    private static readonly ClusterNumber BreakerPercent = new(nameof(BreakerFailurePercent), 0, 100, 80);
    private static readonly ClusterNumber PauseSeconds = new("BreakerPauseSeconds", 1, 300, 5);

    /// <summary>All numbers that a cluster's metadata may hold.</summary>
    public static IReadOnlyList<ClusterNumber> Numbers { get; } =
        [AfterFailures, AtFailurePercent, EjectedPercent, Retries, BudgetPercent, BreakerPercent, PauseSeconds];

    /// <summary>The settings of a cluster that has been validated.</summary>
    public static ResilienceSettings Of(ClusterConfig cluster) => new(
        AfterFailures.In(cluster.Metadata),
        AtFailurePercent.In(cluster.Metadata),
        EjectedPercent.In(cluster.Metadata),
        cluster.HealthCheck?.Passive?.ReactivationPeriod ?? FirstEjection,
        Retries.In(cluster.Metadata),
        BudgetPercent.In(cluster.Metadata),
        BreakerPercent.In(cluster.Metadata),
        TimeSpan.FromSeconds(PauseSeconds.In(cluster.Metadata)));

    public static bool IsIdempotent(RouteConfig route) =>
        route.Metadata?.GetValueOrDefault(IdempotentKey) is { } text && bool.TryParse(text, out var idempotent) && idempotent;
}
