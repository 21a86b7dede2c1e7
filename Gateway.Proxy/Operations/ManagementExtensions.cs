using System.Net;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Operations.Admin;
using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Operations.Page;
using Gateway.Proxy.Operations.Statistics;
using Gateway.Proxy.Telemetry;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations;

internal static class ManagementExtensions
{
    /// <summary>Adds the management port and what answers there. Its listener stands after the others.</summary>
    public static void AddManagement(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<ManagementOptions, ManagementOptionsValidator>().BindConfiguration(ManagementOptions.SectionName);
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ManagementOptions>>((kestrel, options) =>
        {
            if (options.Value.Enabled)
            {
                kestrel.Listen(IPAddress.Parse(options.Value.Address), options.Value.Port, GatewayPort.Management.Mark);
            }
        });
        services.TryAddSingleton<Readiness>();
        services.TryAddSingleton<GatewayMetrics>();
        services.TryAddSingleton<AdminReport>();
        services.TryAddSingleton<SettingsReport>();
        services.TryAddSingleton<Traffic>();
        services.TryAddSingleton<TrafficHistory>();
        services.AddHostedService(provider => provider.GetRequiredService<TrafficHistory>());
        services.TryAddSingleton<GatewayStatus>();
        services.TryAddSingleton<DrainCommands>();
        services.TryAddSingleton<SocketCommands>();
        services.TryAddSingleton<ManagementToken>();
        services.TryAddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<OutageLog>();
    }

    /// <summary>
    /// Splits the requests of the management port from all others before anything else sees them. Its endpoints are routed apart, so
    /// no route of yarp.json can hide one or be reached there.
    /// </summary>
    public static void UseManagement(this WebApplication app)
    {
        // Nobody else asks for the gauges, which exist from now on.
        app.Services.GetRequiredService<GatewayMetrics>();
        // It counts from the first call on, and knows when the gateway started. A token that cannot be read ends the start, and not the first use of it.
        app.Services.GetRequiredService<GatewayStatus>();
        GatewayPort.Management.Serve(app, management =>
        {
            management.Use(next => context =>
            {
                TelemetryExtensions.DropSpan(context);
                return next(context);
            });
            management.UseRouting();
            management.UseMiddleware<ManagementGuard>();
            management.UseEndpoints(endpoints => MapAll(endpoints.MapGroup("").WithMetadata(GatewayPort.Management)));
        });
    }

    private static void MapAll(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealth();
        endpoints.MapAdmin();
        endpoints.MapPage();
        endpoints.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }
}
