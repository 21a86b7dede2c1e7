using System.Globalization;
using Gateway.Transforms.Rpc;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Reads the section of YARP with YARP's own reader, so that each setting means what YARP's documentation says.</summary>
internal static class RouteSettings
{
    /// <summary>Metadata of routes with a limit: YARP 2.3 does not see that a limit alone has changed, and would keep the old one.</summary>
    private const string LimitKey = "Gateway.MaxRequestBodySize";

    /// <exception cref="ConfigurationRefusedException">A value has the wrong type.</exception>
    public static RouteSet Read(IConfiguration section, RouteOrigins origins, string revision, string catalogName)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddReverseProxy().LoadFromConfig(section);
        using var provider = services.BuildServiceProvider();
        try
        {
            var config = provider.GetRequiredService<IProxyConfigProvider>().GetConfig();
            return new RouteSet([.. config.Routes.Select(route => Mark(route, catalogName))], config.Clusters, origins, revision, catalogName);
        }
        catch (Exception exception)
        {
            // The reader throws all kinds, even bare Exception; each is about a value in this section.
            throw new ConfigurationRefusedException(
                [$"Section '{RoutingExtensions.SectionName}': {exception.GetBaseException().Message}"], exception);
        }
    }

    private static RouteConfig Mark(RouteConfig route, string catalogName)
    {
        var metadata = new Dictionary<string, string>(route.Metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
        {
            [RpcCatalogs.MetadataKey] = catalogName,
        };
        if (route.MaxRequestBodySize is { } limit)
        {
            metadata[LimitKey] = limit.ToString(CultureInfo.InvariantCulture);
        }

        return route with { Metadata = metadata };
    }
}
