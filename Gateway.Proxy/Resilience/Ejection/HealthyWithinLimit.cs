using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Ejection;

/// <summary>
/// Instances that look healthy, as long as enough do. When most look bad, the fault is likely somewhere else, and the few left over could
/// not carry the load of all: then every instance is used.
/// </summary>
internal sealed class HealthyWithinLimit : IAvailableDestinationsPolicy
{
    public const string PolicyName = "HealthyWithinLimit";

    public string Name => PolicyName;

    public static bool IsUnhealthy(ClusterConfig cluster, DestinationState destination) =>
        (cluster.HealthCheck?.Passive?.Enabled is true && destination.Health.Passive == DestinationHealth.Unhealthy)
        || (cluster.HealthCheck?.Active?.Enabled is true && destination.Health.Active == DestinationHealth.Unhealthy);

    /// <summary>Whether more look bad than may be left out.</summary>
    public static bool IsPanic(ClusterConfig cluster, int unhealthy, int all) =>
        unhealthy * 100 > ResilienceSettings.Of(cluster).MaxEjectedPercent * all;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        DestinationState[] healthy = [.. allDestinations.Where(destination => !IsUnhealthy(config, destination))];
        return IsPanic(config, allDestinations.Count - healthy.Length, allDestinations.Count) ? allDestinations : healthy;
    }
}
