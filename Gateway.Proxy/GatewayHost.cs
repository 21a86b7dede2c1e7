using Gateway.Proxy.Canary;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Hub;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Operations;
using Gateway.Proxy.Push;
using Gateway.Proxy.Resilience;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Settings;
using Gateway.Proxy.Telemetry;
using Gateway.Proxy.Tls;
using Gateway.Transforms;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy;

/// <summary>Builds the gateway: the one place where its parts are put together.</summary>
public static class GatewayHost
{
    /// <summary>
    /// Builds a gateway that is ready to run. Settings come from built-in defaults, yarp.json, appsettings.json, environment variables
    /// and <paramref name="args"/>, the later winning.
    /// </summary>
    /// <param name="args">Command line settings, as <c>--Gateway:Listen:HttpPort=9000</c>.</param>
    /// <param name="configure">
    /// For a host that embeds the gateway (the demo, a test). Settings added here win over all others, and a service registered
    /// here (a session store, a publisher) takes the place of the gateway's own.
    /// </param>
    /// <exception cref="ConfigurationRefusedException">The configuration has mistakes; it lists all of them.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = CreateBuilder(args, configure);
        // All settings at once, before the first use of any would report its own alone.
        var app = new StartCheck(builder).Build();
        app.LetHostLog();
        app.UseManagement();
        app.Use(app.Services.GetRequiredService<ConnectionAge>().InvokeAsync);
        app.UsePush();
        app.UseProxyTrust();
        app.UseGatewayCors();
        app.UseRequestTimeouts();
        app.UseSockets();
        app.UseRouteAuthorization();
        var roles = app.Services.GetRequiredService<IOptions<RoleOptions>>().Value;
        if (roles.IsNotify)
        {
            app.MapHub();
        }

        if (roles.IsProxy)
        {
            app.Services.GetRequiredService<RouteReloader>().Start();
            app.MapProxy();
        }

        return app;
    }

    private static void MapProxy(this WebApplication app) => app.MapReverseProxy(proxy =>
    {
        proxy.UseRpcErrors();
        proxy.UseRateLimits();
        proxy.UseRpcIdentity();
        proxy.UseCanary();
        proxy.UseCallerLimits();
        proxy.UseResilience();
        proxy.UseDrainedDestinations();
        proxy.UseSessionAffinity();
        proxy.UseZoneFirst();
        proxy.UseRpcCalls();
        proxy.UseLoadBalancing();
        proxy.UsePassiveHealthChecks();
    }).WithRpcRoutes(app.Services).WithRateLimits(app.Services).WithCanary();

    /// <summary>Everything but the request pipeline: enough to validate a configuration.</summary>
    internal static WebApplicationBuilder CreateBuilder(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddConsoleLogging();
        builder.TellOnce();
        configure?.Invoke(builder);
        builder.AddRouteFiles();
        builder.AddDefaultSettings();

        builder.AddRoles();
        builder.AddListeners();
        builder.Services.AddTls();
        builder.Services.AddGatewayCors();
        builder.Services.AddRequestTimeouts();
        builder.Services.AddDiscovery();
        builder.Services.AddSessions(builder.Configuration);
        builder.Services.AddLimits();
        builder.Services.AddServerLimits();
        builder.Services.AddProxyTrust();
        builder.Services.AddHub(builder.Configuration);
        builder.Services.AddRoutes(builder.Configuration).AddDestinations().AddResilience().AddCanary().AddRpc();
        builder.AddPush();
        // What is added last stops first. The entry in etcd goes before the delay in which the gateway still serves, so that other gateways have this
        // time to see that it is gone; and the delay comes before anything else stops.
        builder.AddManagement();
        builder.Services.AddSelfRegistration();
        builder.AddTelemetry();
        return builder;
    }
}
