using Gateway.Proxy.Destinations;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Ejection;

/// <summary>
/// Instances that look healthy, as long as enough do. When most look bad, the fault is likely somewhere else, and the few left over could
/// not carry the load of all: then every instance is used.
/// </summary>
internal sealed class HealthyWithinLimit(DrainedDestinations drained) : IAvailableDestinationsPolicy
{
    public const string PolicyName = "HealthyWithinLimit";

    public string Name => PolicyName;

    public static bool IsUnhealthy(ClusterConfig cluster, DestinationState destination) =>
        (cluster.HealthCheck?.Passive?.Enabled is true && destination.Health.Passive == DestinationHealth.Unhealthy)
        || (cluster.HealthCheck?.Active?.Enabled is true && destination.Health.Active == DestinationHealth.Unhealthy);

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        // Those that an operator has taken out carry nothing, however well they look. They leave the pipeline elsewhere.
        var inService = drained.Without(config.ClusterId, allDestinations);
        var unhealthy = inService.Count(destination => IsUnhealthy(config, destination));
        return unhealthy * 100 > ResilienceSettings.Of(config).MaxEjectedPercent * inService.Count
            ? allDestinations
            : [.. allDestinations.Where(destination => !IsUnhealthy(config, destination))];
    }
}
