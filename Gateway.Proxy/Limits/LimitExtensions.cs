using System.Net;
using System.Threading.RateLimiting;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

internal static class LimitExtensions
{
    /// <summary>
    /// What the server may have received of a request, or of an HTTP/2 connection, that nobody has asked for yet. Its own defaults, a mebibyte for
    /// each connection, are more than strangers should be able to fill.
    /// </summary>
    private const int UnreadBytes = 64 << 10;

    /// <summary>An upload over HTTP/2 gets on by one window in each round trip.</summary>
    private const int Http2StreamWindowBytes = 384 << 10;

    /// <summary>A little more, so that one stream nobody reads does not stop the others.</summary>
    private const int Http2ConnectionWindowBytes = 512 << 10;

    public static void AddLimits(this IServiceCollection services)
    {
        services.AddOptions<RateLimits>().BindConfiguration(RateLimits.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RateLimits>, RateLimitsValidator>());
        services.TryAddSingleton<RedisTokenBucket>();
        services.AddServerLimits();
        services.AddProxyTrust();
        services.TryAddSingleton<ConcurrencyCaps>();
        services.TryAddSingleton<RateLimitMetrics>();
        services.TryAddSingleton<RateLimiting>();
        // YARP looks up here whether the policy of a route exists, and asks it nothing else.
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimits>>((options, limits) =>
        {
            foreach (var name in limits.Value.Keys)
            {
                options.AddPolicy(name, _ => RateLimitPartition.GetNoLimiter(name));
            }
        });
    }

    /// <summary>Takes the client's address from known proxies. Stands before whatever looks at it.</summary>
    public static void UseProxyTrust(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ProxyTrust>>().Value is { KnownProxies.Count: > 0 } or { KnownNetworks.Count: > 0 })
        {
            app.UseForwardedHeaders();
        }
    }

    /// <summary>Limits by address, and for all together: cheap, so it comes before the body is read.</summary>
    public static void UseRateLimits(this IReverseProxyApplicationBuilder proxy)
    {
        // A wait that is cancelled ends in silence, which would be an empty reply with status 200. And whatever refuses a request is to be read.
        proxy.Use(static (context, next) => RpcCall.IsRpc(context) ? next(context) : EndOrdinaryAsync(context, next));
        proxy.Use(proxy.ApplicationServices.GetRequiredService<RateLimiting>().BeforeTheBodyAsync);
    }

    /// <summary>Limits by user, and by what the cluster can take. Identity must be known.</summary>
    public static void UseCallerLimits(this IReverseProxyApplicationBuilder proxy)
    {
        var services = proxy.ApplicationServices;
        proxy.Use(services.GetRequiredService<RateLimiting>().AfterIdentityAsync);
        proxy.Use(services.GetRequiredService<ConcurrencyCaps>().InvokeAsync);
    }

    private static async Task EndOrdinaryAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        await RpcCall.EndOrdinaryAsync(context);
    }

    /// <summary>The headers have to fit in.</summary>
    private static int UnreadOf(ServerLimits limits) => Math.Max(UnreadBytes, limits.MaxRequestHeadersSize);

    private static void AddServerLimits(this IServiceCollection services)
    {
        services.AddOptions<ServerLimits>().BindConfiguration(ServerLimits.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ServerLimits>, ServerLimitsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ConnectionEnd>();
        services.TryAddSingleton<ConnectionAge>();
        services.TryAddSingleton(provider => new RequestBudget(
            provider.GetRequiredService<IOptions<ServerLimits>>().Value.MaxHeldRequestBytes
                ?? ServerLimits.DefaultHeldRequestBytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)));
        // The buffer of the socket itself; the server's own is one behind TLS.
        services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerLimits>>((sockets, options) => sockets.MaxReadBufferSize = UnreadOf(options.Value));
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerLimits>>((kestrel, options) =>
        {
            var ours = options.Value;
            var limits = kestrel.Limits;
            limits.MaxConcurrentConnections = ours.MaxConnections;
            limits.MaxConcurrentUpgradedConnections = ours.MaxUpgradedConnections;
            limits.RequestHeadersTimeout = ours.RequestHeadersTimeout;
            limits.MaxRequestHeadersTotalSize = ours.MaxRequestHeadersSize;
            limits.MaxRequestBufferSize = UnreadOf(ours);
            limits.Http2.InitialStreamWindowSize = Http2StreamWindowBytes;
            limits.Http2.InitialConnectionWindowSize = Http2ConnectionWindowBytes;
            limits.KeepAliveTimeout = ours.KeepAliveTimeout;
            limits.MinRequestBodyDataRate = limits.MinResponseDataRate =
                ours.MinDataRate == 0 ? null : new MinDataRate(ours.MinDataRate, ours.MinDataRateGrace);
        });
    }

    private static void AddProxyTrust(this IServiceCollection services)
    {
        services.AddOptions<ProxyTrust>().BindConfiguration(ProxyTrust.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ProxyTrust>, ProxyTrustValidator>());
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ProxyTrust>>((headers, trust) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            // Back to the first hop that is not known, however many there are.
            headers.ForwardLimit = null;
            headers.KnownProxies.Clear();
            headers.KnownIPNetworks.Clear();
            foreach (var proxy in trust.Value.KnownProxies)
            {
                headers.KnownProxies.Add(IPAddress.Parse(proxy));
            }

            foreach (var network in trust.Value.KnownNetworks)
            {
                headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
            }
        });
    }
}
