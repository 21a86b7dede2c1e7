using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Proxy.Hosting;
using Gateway.Transforms.Events;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Hub;

/// <summary>Connects the notify hub with the rest, for neither knows the other.</summary>
internal static class HubExtensions
{
    public static void AddHub(this IServiceCollection services)
    {
        services.AddNotifyHub();
        services.TryAddSingleton<ISessionAuthenticator, HubSessions>();
        services.TryAddSingleton<IEventPublisher, HubPublisher>();
    }

    public static void MapHub(this WebApplication app) => app.MapNotifyHub(WebSocketPort.IsUsedBy);
}
