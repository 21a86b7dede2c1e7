using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery.Redis;
using Gateway.Notify.Presence;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Sessions;
using Gateway.Transforms.Events;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SessionOptions = Gateway.Proxy.Sessions.SessionOptions;

namespace Gateway.Proxy.Hub;

/// <summary>Connects the notify hub with the rest, for neither knows the other.</summary>
internal static class HubExtensions
{
    public static void AddHub(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RoleOptions>().Validate(
            options => options is { IsProxy: true, IsNotify: true } || SpansNodes(configuration),
            $"{RoleExtensions.Setting} is '{configuration[RoleExtensions.Setting]}', but events do not leave this process; set Gateway:Notify:Bus to 'Redis', so that they reach the gateways with the sockets.");
        services.AddNotifyHub(SpansNodes(configuration));
        services.TryAddSingleton<ISessionAuthenticator, HubSessions>();
        services.TryAddSingleton<IEventPublisher, HubPublisher>();
        services.TryAddSingleton<IRedisSource, HubRedis>();
        services.TryAddSingleton<RedisLoginState>();
        services.TryAddSingleton<MemoryLoginState>();
        services.TryAddSingleton<ILoginState>(provider => SessionStore(configuration) == SessionStoreKind.Memory
            ? provider.GetRequiredService<MemoryLoginState>()
            : provider.GetRequiredService<RedisLoginState>());
    }

    public static void MapHub(this WebApplication app) => app.MapNotifyHub(GatewayPort.WebSocket.IsUsedBy);

    /// <summary>Whether events go to other gateways through Redis.</summary>
    private static bool SpansNodes(IConfiguration configuration) =>
        Setting<EventBusKind>(configuration, NotifyOptions.SectionName, nameof(NotifyOptions.Bus)) switch
        {
            EventBusKind.Redis => true,
            EventBusKind.InProcess => false,
            _ => SessionStore(configuration) == SessionStoreKind.Redis,
        };

    private static SessionStoreKind SessionStore(IConfiguration configuration) =>
        Setting<SessionStoreKind>(configuration, SessionOptions.SectionName, nameof(SessionOptions.Store)) ?? SessionStoreKind.Redis;

    /// <summary>Null for what is not set, and for what is wrong, which the validation of the section reports.</summary>
    private static T? Setting<T>(IConfiguration configuration, string section, string name)
        where T : struct, Enum =>
        Enum.TryParse<T>(configuration[$"{section}:{name}"], ignoreCase: true, out var value) ? value : null;

    /// <summary>Only for requests that ask for a socket, by HTTP/1.1 or HTTP/2.</summary>
    public static void UseSockets(this WebApplication app) => app.UseWhen(
        context => context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true },
        branch => branch.UseWebSockets());
}
