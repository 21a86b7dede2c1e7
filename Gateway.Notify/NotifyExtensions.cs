using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
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
    /// <summary>Registers the hub. The host provides an <see cref="ISessionAuthenticator"/>.</summary>
    public static IServiceCollection AddNotifyHub(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddOptions<NotifyOptions>().BindConfiguration(NotifyOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<NotifyOptions>, NotifyOptionsValidator>());
        services.AddOptions<WebSocketOptions>().Configure<IOptions<NotifyOptions>>((sockets, options) =>
        {
            sockets.KeepAliveInterval = options.Value.PingInterval;
            sockets.KeepAliveTimeout = options.Value.PingTimeout;
        });
        services.TryAddSingleton<NotifyMetrics>();
        services.TryAddSingleton<ConnectionRegistry>();
        services.TryAddSingleton<ConnectionLimits>();
        services.TryAddSingleton<NotifyEndpoint>();
        services.TryAddSingleton<NotifyDrain>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<NotifyDrain>());
        services.AddHostedService<WriteWatch>();
        services.AddHostedService<SessionWatch>();
        services.TryAddSingleton(provider => new NotifyHub(
            provider.GetRequiredService<ConnectionRegistry>(), provider.GetRequiredService<NotifyMetrics>()));
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
        endpoints.Map("/ws", endpoint.HandleAsync);
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
