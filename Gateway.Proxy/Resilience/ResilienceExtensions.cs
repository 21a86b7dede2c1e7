using Gateway.Proxy.Resilience.Ejection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Health;

namespace Gateway.Proxy.Resilience;

internal static class ResilienceExtensions
{
    /// <summary>Adds what makes the gateway survive failing instances: ejection, retries and circuit breakers.</summary>
    public static IReverseProxyBuilder AddResilience(this IReverseProxyBuilder proxy)
    {
        var services = proxy.Services;
        services.TryAddSingleton<ResilientClusters>();
        services.TryAddSingleton<InstanceRecords>();
        services.TryAddSingleton<Standings>();
        services.TryAddSingleton<ResilienceMetrics>();
        services.TryAddSingleton<Attempts>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPassiveHealthCheckPolicy, EjectionPolicy>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAvailableDestinationsPolicy, HealthyWithinLimit>());
        return proxy.AddConfigFilter<ResilienceConfigFilter>();
    }

    /// <summary>Sends requests again that failed, and none to a cluster that fails as a whole. Stands before an instance is picked.</summary>
    public static void UseResilience(this IReverseProxyApplicationBuilder proxy) =>
        proxy.Use(proxy.ApplicationServices.GetRequiredService<Attempts>().InvokeAsync);
}
