using System.Text.Json.Nodes;

namespace Gateway.Tests.Deploy;

/// <summary>The alarms and the dashboard of deploy/examples, and what they ask Prometheus.</summary>
internal static class MonitoringFiles
{
    public const string Dashboard = "grafana-dashboard.json";

    public static readonly string[] RuleFiles = ["alerts.yaml", "slo.yaml"];

    public static readonly string[] All = [.. RuleFiles, Dashboard];

    public static JsonObject Board { get; } = JsonNode.Parse(Read(Dashboard))!.AsObject();

    public static IEnumerable<JsonObject> Panels => Board["panels"]!.AsArray().Select(panel => panel!.AsObject()).Where(panel => $"{panel["type"]}" != "row");

    public static string Read(string file) => File.ReadAllText(Path.Combine(Manifests.Root, "examples", file));

    public static IEnumerable<JsonObject> Rules(string file) =>
        Manifests.Tree(Read(file))["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!.AsObject());

    /// <summary>The expressions of the dashboard, each with its panel and its legend.</summary>
    public static IEnumerable<(string Title, string Expression, string Legend)> Targets() =>
        from panel in Panels
        from target in panel["targets"]!.AsArray()
        select ($"{panel["title"]}", $"{target["expr"]}", $"{target["legendFormat"]}");

    /// <summary>What a file asks, where, and which labels of the answer it shows.</summary>
    public static IEnumerable<(string Where, PromQuery Query, IEnumerable<string> Shown)> Asked(string file) => file == Dashboard
        ? Targets().Select(target => (target.Title, new PromQuery(target.Expression), PromQuery.Shown(target.Legend)))
        : Rules(file).Select(rule => ($"{rule["alert"] ?? rule["record"]}", new PromQuery($"{rule["expr"]}"), PromQuery.Shown($"{rule["annotations"]?["summary"]}")));
}
