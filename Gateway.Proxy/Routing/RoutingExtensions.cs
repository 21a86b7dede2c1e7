using Gateway.Transforms.Rpc;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Routing;

internal static class RoutingExtensions
{
    /// <summary>The section of yarp.json that YARP reads.</summary>
    public const string SectionName = "ReverseProxy";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    /// <summary>Registers YARP with the routes of the configuration, and their validation.</summary>
    public static IReverseProxyBuilder AddRoutes(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(provider => new RpcCatalog(DescriptorSets.Load(
            configuration.GetSection(DescriptorSets.Setting).Get<string[]>() ?? [],
            provider.GetRequiredService<IHostEnvironment>().ContentRootPath)));
        services.TryAddSingleton<RouteValidator>();
        return services.AddReverseProxy()
            .LoadFromConfig(configuration.GetSection(SectionName))
            .ConfigureHttpClient((_, handler) =>
            {
                // A peer that is gone without a word is noticed by the pings, not by the next caller.
                handler.ConnectTimeout = ConnectTimeout;
                handler.KeepAlivePingDelay = PingDelay;
                handler.KeepAlivePingTimeout = PingTimeout;
                handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
                handler.PooledConnectionLifetime = ConnectionLifetime;
            });
    }
}
