using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Notify.Endpoint;
using Gateway.Notify.Presence;
using Gateway.Notify.Upkeep;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Notify;

/// <summary>Adds the notify hub to a host.</summary>
public static class NotifyExtensions
{
    /// <summary>
    /// Registers the hub. The host provides an <see cref="ISessionAuthenticator"/>, an <see cref="ILoginState"/> and, where the hub is to
    /// span nodes, an <see cref="IRedisSource"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="spansNodes">Whether events go through Redis to other nodes, or stay in this process.</param>
    /// <param name="renewalInterval">How often <see cref="ILoginState.RenewAsync"/> is called for who has a socket; null for never.</param>
    /// <param name="reportsPresence">Whether the host provides an <see cref="IPresenceHook"/>.</param>
    public static IServiceCollection AddNotifyHub(this IServiceCollection services, bool spansNodes, TimeSpan? renewalInterval = null, bool reportsPresence = false)
    {
        services.Configure<NotifyOptions>(options => options.ReportsPresence = reportsPresence);
        if (renewalInterval is not null)
        {
            services.Configure<NotifyOptions>(options => options.RenewalInterval = renewalInterval);
            services.AddHostedService<RenewalWatch>();
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddOptionsWithValidateOnStart<NotifyOptions, NotifyOptionsValidator>().BindConfiguration(NotifyOptions.SectionName)
            .Validate(
                options => spansNodes || options.RebalanceRate == 0,
                $"{NotifyOptions.SectionName}:{nameof(NotifyOptions.RebalanceRate)} is set, but this gateway is joined with no others; remove it, or set {NotifyOptions.SectionName}:{nameof(NotifyOptions.Bus)} to 'Redis'.");
        services.AddOptions<WebSocketOptions>().Configure<IOptions<NotifyOptions>>((sockets, options) =>
        {
            sockets.KeepAliveInterval = options.Value.PingInterval;
            sockets.KeepAliveTimeout = options.Value.PingTimeout;
        });
        services.TryAddSingleton<NotifyMetrics>();
        services.TryAddSingleton<OpenSockets>();
        services.TryAddSingleton<DepartureActions>();
        services.TryAddSingleton<NodeName>();
        if (spansNodes)
        {
            services.TryAddSingleton<RedisCalls>();
            services.TryAddSingleton<RedisStore>();
            services.TryAddSingleton<IHubStore>(provider => provider.GetRequiredService<RedisStore>());
            services.AddHostedService(provider => provider.GetRequiredService<RedisStore>());
            services.TryAddSingleton<Rebalance>();
            services.AddHostedService(provider => provider.GetRequiredService<Rebalance>());
        }
        else
        {
            services.TryAddSingleton<IHubStore, MemoryStore>();
        }

        services.TryAddSingleton<EventBus>();
        services.TryAddSingleton<IEventBus>(provider => provider.GetRequiredService<EventBus>());
        services.AddHostedService(provider => provider.GetRequiredService<EventBus>());
        services.AddHostedService<Departures>();

        services.TryAddSingleton<ConnectionLimits>();
        services.TryAddSingleton<NotifyEndpoint>();
        services.TryAddSingleton<NotifyDrain>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<NotifyDrain>());
        services.AddHostedService<SocketWatch>();
        services.AddHostedService<SessionWatch>();
        services.TryAddSingleton(provider => new NotifyHub(
            provider.GetRequiredService<IEventBus>(),
            provider.GetRequiredService<NodeName>(),
            provider.GetRequiredService<NotifyDrain>(),
            provider.GetRequiredService<NotifyMetrics>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>
    /// Serves sockets at <c>/ws</c>, and at <c>/</c> for connections that <paramref name="isWebSocketPort"/> accepts: deployed web
    /// clients open the bare address of the WebSocket port.
    /// </summary>
    public static void MapNotifyHub(this IEndpointRouteBuilder endpoints, Func<HttpContext, bool> isWebSocketPort)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var endpoint = endpoints.ServiceProvider.GetService<NotifyEndpoint>()
            ?? throw new InvalidOperationException($"Call services.{nameof(AddNotifyHub)}() before mapping the notify hub.");
        endpoints.ServiceProvider.GetService<Rebalance>()?.TakesPart = true;
        // Ahead of a route of the same path, so that all roles can share one routes file.
        endpoints.Map("/ws", endpoint.HandleAsync).WithOrder(-1);
        endpoints.Map("/", context =>
        {
            if (isWebSocketPort(context))
            {
                return endpoint.HandleAsync(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }
}
