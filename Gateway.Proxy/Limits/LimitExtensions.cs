using System.Threading.RateLimiting;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

internal static class LimitExtensions
{
    public static void AddLimits(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<RateLimits, RateLimitsValidator>().BindConfiguration(RateLimits.SectionName);
        services.TryAddSingleton<RedisTokenBucket>();
        services.TryAddSingleton<ConcurrencyCaps>();
        services.TryAddSingleton<RateLimitMetrics>();
        services.TryAddSingleton<RateLimiting>();
        services.TryAddSingleton<RouteLimits>();
        services.TryAddSingleton<ICountedFields>(provider => provider.GetRequiredService<RouteLimits>());
        // YARP looks up here whether the policy of a route exists, and asks it nothing else.
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimits>>((options, limits) =>
        {
            foreach (var name in limits.Value.Keys)
            {
                options.AddPolicy(name, _ => RateLimitPartition.GetNoLimiter(name));
            }
        });
    }

    /// <summary>Limits by address, and for all together: cheap, so it comes before the body is read.</summary>
    public static void UseRateLimits(this IReverseProxyApplicationBuilder proxy)
    {
        // A cancelled wait for a limit writes nothing, which would be an empty reply with status 200; and a refused request has to be read to its end.
        // RPC routes have a step that does both.
        proxy.Use(static (context, next) => RpcCall.IsRpc(context) ? next(context) : EndOrdinaryAsync(context, next));
        proxy.Use(proxy.ApplicationServices.GetRequiredService<RateLimiting>().BeforeTheBodyAsync);
    }

    /// <summary>Limits by user and by field, and by what the cluster can take. Identity and message must be known.</summary>
    public static void UseCallerLimits(this IReverseProxyApplicationBuilder proxy)
    {
        var services = proxy.ApplicationServices;
        proxy.Use(services.GetRequiredService<RateLimiting>().AfterIdentityAsync);
        proxy.Use(services.GetRequiredService<ConcurrencyCaps>().InvokeAsync);
    }

    /// <summary>Gives each endpoint the rate limits of its route.</summary>
    public static ReverseProxyConventionBuilder WithRateLimits(this ReverseProxyConventionBuilder endpoints, IServiceProvider services)
    {
        var limits = services.GetRequiredService<RateLimiting>();
        return endpoints.ConfigureEndpoints((endpoint, route) =>
        {
            if (limits.Find(route) is { } rates)
            {
                endpoint.WithMetadata(rates);
            }
        });
    }

    private static async Task EndOrdinaryAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        await RpcCall.EndOrdinaryAsync(context);
    }
}
