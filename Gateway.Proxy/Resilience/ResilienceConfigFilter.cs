using Gateway.Proxy.Resilience.Ejection;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience;

/// <summary>Switches ejection on for every cluster that says nothing else about passive health checks.</summary>
internal sealed class ResilienceConfigFilter : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
    {
        var written = cluster.HealthCheck ?? new HealthCheckConfig();
        var passive = written.Passive ?? new PassiveHealthCheckConfig();
        return new(cluster with
        {
            HealthCheck = written with
            {
                AvailableDestinationsPolicy = written.AvailableDestinationsPolicy ?? HealthyWithinLimit.PolicyName,
                Passive = passive with { Enabled = passive.Enabled ?? true, Policy = passive.Policy ?? EjectionPolicy.PolicyName },
            },
        });
    }

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) => new(route);
}
