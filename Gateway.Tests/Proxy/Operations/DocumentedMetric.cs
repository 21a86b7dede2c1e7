using System.Text.RegularExpressions;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Operations;

/// <summary>A row of docs/metrics.md.</summary>
internal sealed partial record DocumentedMetric(string Name, string Kind, string Unit, IReadOnlyList<string> Tags)
{
    public static IReadOnlyList<DocumentedMetric> All { get; } =
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs/metrics.md"))).Select(row => row.Groups)
            .Select(row => new DocumentedMetric(row["name"].Value, row["kind"].Value, row["unit"].Value, [.. TagsOf(row["tags"].Value)])),
    ];

    /// <summary>As OpenTelemetry translates them: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.</summary>
    public IEnumerable<string> PrometheusNames
    {
        get
        {
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            var name = Name.Replace('.', '_') + unit;
            return Kind switch
            {
                "Counter" or "ObservableCounter" => [name + "_total"],
                "Histogram" => [name + "_bucket", name + "_sum", name + "_count"],
                _ => [name],
            };
        }
    }

    /// <summary>A semicolon stands between tags, a colon before their values, and parentheses are remarks.</summary>
    private static IEnumerable<string> TagsOf(string text) => Remark().Replace(text, "").Split(';').Select(part => part.Split(':')[0]).SelectMany(names => Tag().Matches(names)).Select(tag => tag.Groups[1].Value);

    [GeneratedRegex(@"^\| `(?<name>gateway\.[a-z._]+)` \| (?<kind>\w+) \| (?<unit>[^|]+) \| [^|]+ \| (?<tags>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\([^()]*(\([^()]*\)[^()]*)*\)")]
    private static partial Regex Remark();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Tag();
}
