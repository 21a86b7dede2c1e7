using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Canary;

/// <summary>One entry of a route's setting <c>Canary</c>: which of its requests go to another cluster. It has a <c>Percent</c> or a <c>Header</c>.</summary>
/// <param name="ClusterId">The cluster that gets them.</param>
/// <param name="Percent">The share of the users, 0 to 100; null for none.</param>
/// <param name="Header">The header that chooses the cluster; null for none.</param>
/// <param name="Values">The values of that header that do, compared exactly.</param>
internal sealed record CanaryRule(string ClusterId, double? Percent, string? Header, IReadOnlyList<string> Values)
{
    /// <summary>The name of the list among a route's settings.</summary>
    public const string Setting = "Canary";

    /// <summary>YARP knows no such setting of routes. It stands in their metadata, as JSON, so that YARP sees whenever it changes.</summary>
    private const string MetadataKey = "Gateway.Canary";

    /// <summary>The rules of a route, in their order.</summary>
    public static IReadOnlyList<CanaryRule> Of(RouteConfig route) =>
        route.Metadata?.GetValueOrDefault(MetadataKey) is { } text ? JsonSerializer.Deserialize(text, CanaryJson.Default.CanaryRuleArray) ?? [] : [];

    /// <summary>Puts what is written in a route's section into its metadata. Values that cannot be read have been taken out of the section.</summary>
    public static void Mark(IDictionary<string, string> metadata, IConfigurationSection route)
    {
        metadata.Remove(MetadataKey);
        CanaryRule[] rules = [.. route.GetSection(Setting).GetChildren().Select(Read)];
        if (rules.Length > 0)
        {
            metadata[MetadataKey] = JsonSerializer.Serialize(rules, CanaryJson.Default.CanaryRuleArray);
        }
    }

    private static CanaryRule Read(IConfigurationSection rule) => new(
        rule[nameof(ClusterId)] ?? "",
        rule[nameof(Percent)] is { } percent ? double.Parse(percent, NumberStyles.Float, CultureInfo.InvariantCulture) : null,
        rule[nameof(Header)],
        [.. rule.GetSection(nameof(Values)).GetChildren().Select(value => value.Value ?? "")]);
}

/// <summary>Generated, because a native build has no reflection. A percentage may be no number, which validation tells of.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(CanaryRule[]))]
internal sealed partial class CanaryJson : JsonSerializerContext;
