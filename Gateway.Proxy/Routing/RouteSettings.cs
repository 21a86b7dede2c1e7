using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Proxy.Canary;
using Gateway.Proxy.Settings;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Reads the section of YARP with YARP's own reader, so that each setting means what YARP's documentation says.</summary>
internal static class RouteSettings
{
    /// <summary>Metadata of routes with a limit: YARP 2.3 does not see that a limit alone has changed, and would keep the old one.</summary>
    private const string LimitKey = "Gateway.MaxRequestBodySize";

    /// <exception cref="ConfigurationRefusedException">YARP cannot read it, which <see cref="SettingsCheck"/> should have found.</exception>
    public static RouteSet Read(IConfiguration section, RouteOrigins origins, string revision, string catalogName)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddReverseProxy().LoadFromConfig(section);
        using var provider = services.BuildServiceProvider();
        try
        {
            var config = provider.GetRequiredService<IProxyConfigProvider>().GetConfig();
            return new RouteSet([.. config.Routes.Select(route => Mark(WithRules(route, section), section, catalogName))], [.. config.Clusters.Select(WithScheme)], origins, revision, catalogName);
        }
        catch (Exception exception)
        {
            // The reader throws all kinds, even bare Exception; each is about a value in this section.
            throw new ConfigurationRefusedException(
                [$"Section '{RoutingExtensions.SectionName}': {exception.GetBaseException().Message}"], exception);
        }
    }

    /// <summary>
    /// YARP knows transforms as single texts. What one of ours has below it becomes one text, as JSON, so that YARP sees whenever it changes.
    /// </summary>
    private static RouteConfig WithRules(RouteConfig route, IConfiguration section)
    {
        var written = section.GetSection($"Routes:{route.RouteId}:{nameof(route.Transforms)}").GetChildren().ToArray();
        return written.All(transform => !IsRpc(transform) || transform.GetChildren().All(setting => !IsNested(setting))) ? route : route with
        {
            Transforms = [.. route.Transforms!.Zip(written, (read, transform) => !IsRpc(transform) ? read : transform.GetChildren()
                .ToDictionary(setting => setting.Key, setting => IsNested(setting) ? ToJson(setting)?.ToJsonString() ?? "" : read[setting.Key], StringComparer.OrdinalIgnoreCase))],
        };
    }

    /// <summary>The resolver of instances is shown the destinations of a cluster, and nothing else of it.</summary>
    private static ClusterConfig WithScheme(ClusterConfig cluster) => UpstreamTls.SchemeOf(cluster.Metadata) is not { } scheme ? cluster : cluster with
    {
        Destinations = cluster.Destinations?.ToDictionary(
            named => named.Key,
            named => named.Value with { Metadata = UpstreamTls.WithScheme(named.Value.Metadata, scheme) },
            StringComparer.OrdinalIgnoreCase),
    };

    private static bool IsRpc(IConfigurationSection transform) => transform[TransformKeys.Rpc] is not null;

    /// <summary>A misspelt setting too, which is then reported by its name, and not as a text that is missing.</summary>
    private static bool IsNested(IConfigurationSection setting) => setting.GetChildren().Any();

    private static JsonNode? ToJson(IConfigurationSection setting)
    {
        IConfigurationSection[] below = [.. setting.GetChildren()];
        return below.Length == 0 ? JsonValue.Create(setting.Value)
            : below.Select((child, i) => child.Key == i.ToString(CultureInfo.InvariantCulture)).All(isItem => isItem)
            ? new JsonArray([.. below.Select(ToJson)])
            : new JsonObject(below.Select(child => KeyValuePair.Create(child.Key, ToJson(child))));
    }

    private static RouteConfig Mark(RouteConfig route, IConfiguration section, string catalogName)
    {
        var metadata = new Dictionary<string, string>(route.Metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
        {
            [RpcCatalogs.MetadataKey] = catalogName,
        };
        CanaryRule.Mark(metadata, section.GetSection($"Routes:{route.RouteId}"));
        if (route.MaxRequestBodySize is { } limit)
        {
            metadata[LimitKey] = limit.ToString(CultureInfo.InvariantCulture);
        }

        return route with { Metadata = metadata };
    }
}
