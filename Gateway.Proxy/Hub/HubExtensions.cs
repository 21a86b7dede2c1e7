using System.Globalization;
using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
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
        services.AddOptionsWithValidateOnStart<HookOptions, HookOptionsValidator>().BindConfiguration(HookOptions.SectionName);
        services.TryAddSingleton<HookMetrics>();
        var hasHook = !string.IsNullOrEmpty(configuration[$"{HookOptions.SectionName}:{nameof(HookOptions.ClusterId)}"]);
        if (hasHook)
        {
            services.AddOptions<RoleOptions>().Validate(
                options => options.IsProxy,
                $"{HookOptions.SectionName}:{nameof(HookOptions.ClusterId)} is set, but {RoleExtensions.Setting} is '{configuration[RoleExtensions.Setting]}', and such a gateway knows no clusters; give it the role 'proxy' as well, or leave the hook out here.");
            services.TryAddSingleton<PresenceReports>();
            services.TryAddSingleton<IPresenceHook>(provider => provider.GetRequiredService<PresenceReports>());
            // Ahead of the hub, so that it stops behind it.
            services.AddHostedService(provider => provider.GetRequiredService<PresenceReports>());
        }

        services.AddNotifyHub(SpansNodes(configuration), RenewalInterval(configuration), hasHook);
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
    public static bool SpansNodes(IConfiguration configuration) =>
        Setting<EventBusKind>(configuration, NotifyOptions.SectionName, nameof(NotifyOptions.Bus)) switch
        {
            EventBusKind.Redis => true,
            EventBusKind.InProcess => false,
            _ => SessionStore(configuration) == SessionStoreKind.Redis,
        };

    /// <summary>Null where nothing is renewed. What is wrong is no renewal here; the validation of the section reports it.</summary>
    private static TimeSpan? RenewalInterval(IConfiguration configuration)
    {
        var settings = configuration.GetSection(SessionOptions.SectionName).GetSection(nameof(SessionOptions.Renew));
        return Time(nameof(RenewalOptions.SessionTtl)) > TimeSpan.Zero || Time(nameof(RenewalOptions.MarkerTtl)) > TimeSpan.Zero
            ? Time(nameof(RenewalOptions.Interval)) ?? RenewalOptions.DefaultInterval
            : null;

        TimeSpan? Time(string name) => TimeSpan.TryParse(settings[name], CultureInfo.InvariantCulture, out var value) ? value : null;
    }

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
