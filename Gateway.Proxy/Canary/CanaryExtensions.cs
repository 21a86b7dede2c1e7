using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Canary;

internal static class CanaryExtensions
{
    /// <summary>Adds what gives a part of a route's requests to another cluster.</summary>
    public static IReverseProxyBuilder AddCanary(this IReverseProxyBuilder proxy)
    {
        proxy.Services.TryAddSingleton<CanaryMetrics>();
        proxy.Services.TryAddSingleton<CanaryStep>();
        return proxy;
    }

    /// <summary>Chooses the cluster. Stands where the user is known, and before all that belongs to a cluster.</summary>
    public static void UseCanary(this IReverseProxyApplicationBuilder proxy) => proxy.Use(proxy.ApplicationServices.GetRequiredService<CanaryStep>().InvokeAsync);

    /// <summary>Gives each endpoint the canary of its route.</summary>
    public static ReverseProxyConventionBuilder WithCanary(this ReverseProxyConventionBuilder endpoints) => endpoints.ConfigureEndpoints((endpoint, route) =>
    {
        if (CanaryRoute.Of(route) is { } canary)
        {
            endpoint.WithMetadata(canary);
        }
    });
}
