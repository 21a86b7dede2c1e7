using Gateway.Proxy.Resilience.Ejection;
using Gateway.Proxy.Resilience.Health;
using Gateway.Proxy.Upstream;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Gateway.Proxy.Resilience;

internal static class ResilienceExtensions
{
    /// <summary>Adds what makes the gateway survive failing instances: health checks, ejection, retries and circuit breakers.</summary>
    public static IReverseProxyBuilder AddResilience(this IReverseProxyBuilder proxy)
    {
        var services = proxy.Services;
        services.TryAddSingleton<ResilientClusters>();
        services.TryAddSingleton<ResilienceMetrics>();
        services.TryAddSingleton<DrainedDestinations>();
        services.TryAddSingleton<Attempts>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPassiveHealthCheckPolicy, EjectionPolicy>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAvailableDestinationsPolicy, HealthyWithinLimit>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IActiveHealthCheckPolicy, GrpcHealthPolicy>());
        services.Replace(ServiceDescriptor.Singleton<IForwarderHttpClientFactory, SubServiceClientFactory>());
        services.AddProbes();
        return proxy.AddConfigFilter<ResilienceConfigFilter>();
    }

    /// <summary>Sends requests again that failed, and none to a cluster that fails as a whole. Stands before an instance is picked.</summary>
    public static void UseResilience(this IReverseProxyApplicationBuilder proxy) =>
        proxy.Use(proxy.ApplicationServices.GetRequiredService<Attempts>().InvokeAsync);

    /// <summary>Keeps requests from destinations that an operator has taken out. Stands before one is picked.</summary>
    public static void UseDrainedDestinations(this IReverseProxyApplicationBuilder proxy) =>
        proxy.Use(proxy.ApplicationServices.GetRequiredService<DrainedDestinations>().InvokeAsync);

    /// <summary>YARP asks one factory for the probes of all clusters, so ours stands before its own.</summary>
    private static void AddProbes(this IServiceCollection services)
    {
        var ordinary = services.Last(service => service.ServiceType == typeof(IProbingRequestFactory)).ImplementationType!;
        services.Replace(ServiceDescriptor.Singleton<IProbingRequestFactory>(provider =>
            new ProbingRequests((IProbingRequestFactory)ActivatorUtilities.CreateInstance(provider, ordinary))));
    }
}
