using Gateway.Proxy.Settings;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

internal static class RoutingExtensions
{
    /// <summary>The section of yarp.json that YARP reads.</summary>
    public const string SectionName = "ReverseProxy";

    /// <summary>
    /// Puts what the route files say below the other sources of settings, so that an environment variable such as
    /// <c>ReverseProxy__Clusters__user__Destinations__a__Address</c> wins over it.
    /// </summary>
    /// <exception cref="ConfigurationRefusedException">A file that is needed is missing, or a file cannot be read.</exception>
    public static void AddRouteFiles(this WebApplicationBuilder builder)
    {
        var location = RouteFile.Locate(builder.Configuration, builder.Environment.ContentRootPath);
        if (RouteFile.IsNeeded(builder.Configuration) || File.Exists(location.Path))
        {
            builder.Configuration.Sources.Insert(0, new RouteFileSettings(RouteFiles.Read(location)));
        }

        builder.Services.AddSingleton(location);
    }

    /// <summary>Registers YARP with the routes of the configuration, their validation, and the watch over their files.</summary>
    public static IReverseProxyBuilder AddRoutes(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMetrics();
        services.TryAddSingleton(new KnownSettings(services));
        services.TryAddSingleton(provider => new RouteReader(
            configuration, provider.GetRequiredService<RouteFile>(), provider.GetRequiredService<IHostEnvironment>()));
        services.TryAddSingleton<RouteValidator>();
        services.TryAddSingleton<RouteDryRun>();
        services.TryAddSingleton<RouteLoader>();
        services.TryAddSingleton<RouteStatus>();
        services.TryAddSingleton<RouteMetrics>();
        services.TryAddSingleton<RouteReloader>();
        services.TryAddSingleton<RouteProvider>();
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<RouteProvider>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<RouteProvider>());
        services.AddHostedService<RouteWatcher>();
        return services.AddReverseProxy();
    }
}
