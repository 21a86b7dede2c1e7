using Gateway.Proxy.Destinations.Probing;
using Gateway.Proxy.Tls;
using Gateway.Transforms.Events;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Gateway.Proxy.Destinations;

internal static class DestinationExtensions
{
    /// <summary>Adds the ways to the destinations of clusters: HTTP clients, probes and calls of the gateway's own, and those that an operator has taken out.</summary>
    public static IReverseProxyBuilder AddDestinations(this IReverseProxyBuilder proxy)
    {
        var services = proxy.Services;
        services.TryAddSingleton<DrainedDestinations>();
        services.TryAddSingleton<ZoneFirst>();
        services.TryAddSingleton(provider => new Lazy<IProxyStateLookup>(provider.GetRequiredService<IProxyStateLookup>));
        services.TryAddSingleton<ISubServices, SubServices>();
        services.TryAddSingleton<UpstreamTlsMetrics>();
        services.TryAddSingleton<UpstreamCertificates>();
        services.TryAddSingleton<IUpstreamCertificates>(provider => provider.GetRequiredService<UpstreamCertificates>());
        services.WatchCertificates(static provider => provider.GetRequiredService<UpstreamCertificates>().Check);
        services.Replace(ServiceDescriptor.Singleton<IForwarderHttpClientFactory, SubServiceClientFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IActiveHealthCheckPolicy, GrpcHealthPolicy>());
        services.AddProbes();
        return proxy;
    }

    /// <summary>Keeps requests from destinations that an operator has taken out. Stands before one is picked.</summary>
    public static void UseDrainedDestinations(this IReverseProxyApplicationBuilder proxy) =>
        proxy.Use(proxy.ApplicationServices.GetRequiredService<DrainedDestinations>().InvokeAsync);

    /// <summary>Keeps requests in the gateway's zone, where that is asked for. Stands before one is picked, and after those that may not be.</summary>
    public static void UseZoneFirst(this IReverseProxyApplicationBuilder proxy)
    {
        if (proxy.ApplicationServices.GetRequiredService<ZoneFirst>() is { IsUsed: true } step)
        {
            proxy.Use(step.InvokeAsync);
        }
    }

    /// <summary>YARP asks one factory for the probes of all clusters, so ours stands before its own.</summary>
    private static void AddProbes(this IServiceCollection services)
    {
        var ordinary = services.Last(service => service.ServiceType == typeof(IProbingRequestFactory)).ImplementationType!;
        services.Replace(ServiceDescriptor.Singleton<IProbingRequestFactory>(provider =>
            new ProbingRequests((IProbingRequestFactory)ActivatorUtilities.CreateInstance(provider, ordinary))));
    }
}
