using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Proxy.Operations;

namespace Gateway.Tests.Deploy;

/// <summary>The values of the chart: all are in the schema, with a sentence each, and in the table of the README.</summary>
[TestFixture]
internal sealed class ChartValuesTests
{
    private static readonly JsonObject Values = Manifests.Tree(Read("values.yaml"));
    private static readonly JsonObject Schema = JsonSerializer.Deserialize<JsonObject>(Read("values.schema.json"))!;

    [Test]
    public void Schema_HasExactlyTheValuesThereAre_AndRefusesOthers() => Assert.That(Groups(Values, Schema, "").ToList(), Is.Not.Empty.And.All.Empty);

    /// <summary>Helm takes out what is <c>null</c> before it asks the schema, so that only this keeps templates from a list that is not there: no list of a network policy is everybody.</summary>
    [Test]
    public void Schema_DemandsWhatCannotBeEmpty() => Assert.That(Demands(Schema, ""), Is.Not.Empty.And.All.Empty);

    [Test]
    public void Schema_SaysWhatEachValueMeans() => Assert.That(Leaves(Values, Schema, "").Select(leaf => leaf.Meaning), Has.All.Matches(@"^[A-Z`].*\.$"));

    [Test]
    public void Readme_ListsEachValueWithItsDefaultAndMeaning()
    {
        var rows = File.ReadLines(Path.Combine(Manifests.Chart, "README.md")).SkipWhile(line => line != "|---|---|---|").Skip(1).TakeWhile(line => line.StartsWith('|'));

        Assert.That(rows, Is.EqualTo(Rows()));
    }

    [TestCase("proxy")]
    [TestCase("notify")]
    public void Keda_AsksForMetricsThatExist(string role) => Assert.That(
        new PromQuery($"{Values[role]!["autoscaling"]!["keda"]!["query"]}").Metrics,
        Is.Not.Empty.And.SubsetOf(DocumentedMetric.All.SelectMany(metric => metric.PrometheusNames)));

    private static string Read(string file) => File.ReadAllText(Path.Combine(Manifests.Chart, file));

    private static IEnumerable<string> Rows()
    {
        var leaves = Leaves(Values, Schema, "").ToList();
        var defaults = leaves.ToDictionary(leaf => leaf.Path, leaf => Default(leaf.Value));
        foreach (var (path, _, meaning) in leaves.Where(leaf => !leaf.Path.StartsWith("notify.", StringComparison.Ordinal)))
        {
            var twin = path.StartsWith("proxy.", StringComparison.Ordinal) ? $"notify.{path["proxy.".Length..]}" : path;
            yield return twin == path ? $"| `{path}` | {defaults[path]} | {meaning} |"
                : $"| `{path}`, `{twin}` | {(defaults[path] == defaults[twin] ? defaults[path] : $"{defaults[path]}, {defaults[twin]}")} | {meaning} |";
        }
    }

    private static string Default(JsonNode? value) => value switch
    {
        null or JsonObject { Count: 0 } or JsonArray { Count: 0 } => "none",
        JsonObject or JsonArray => "[there](values.yaml)",
        _ when $"{value}".Length == 0 => "empty",
        _ => $"`{value}`",
    };

    /// <summary>What is not the same in the values of each group and in its schema.</summary>
    private static IEnumerable<string> Groups(JsonObject values, JsonObject schema, string path)
    {
        var properties = schema["properties"]!.AsObject();
        yield return string.Join(' ', values.Select(value => value.Key).Except(properties.Select(property => property.Key))
            .Concat(properties.Select(property => property.Key).Except(values.Select(value => value.Key))).Select(name => path + name));
        yield return schema["additionalProperties"]?.ToJsonString() == "false" ? "" : $"{path}: others are let through";
        foreach (var difference in values.Where(value => properties[value.Key] is { } property && IsGroup(property)).SelectMany(value => Groups(value.Value!.AsObject(), Resolve(properties[value.Key]!), $"{path}{value.Key}.")))
        {
            yield return difference;
        }
    }

    /// <summary>What each group demands although it may be empty, or does not although it may not.</summary>
    private static IEnumerable<string> Demands(JsonObject schema, string path)
    {
        var properties = schema["properties"]!.AsObject();
        var demanded = schema["required"]?.AsArray().Select(name => $"{name}").ToList() ?? [];
        var needed = properties.Where(property => !MayBeEmpty(Resolve(property.Value!))).Select(property => property.Key).ToList();
        return properties.Where(property => IsGroup(property.Value!)).SelectMany(property => Demands(Resolve(property.Value!), $"{path}{property.Key}."))
            .Prepend(string.Join(' ', demanded.Except(needed).Concat(needed.Except(demanded)).Select(name => path + name)));
    }

    private static bool MayBeEmpty(JsonObject property) => property switch
    {
        _ when property["enum"] is JsonArray values => values.Any(value => $"{value}".Length == 0),
        _ when property["type"] is JsonArray types => types.Any(type => $"{type}" == "null"),
        _ when property.ContainsKey("minLength") || property.ContainsKey("minItems") || property.ContainsKey("minProperties") || property.ContainsKey("properties") => false,
        _ when property["pattern"] is { } pattern => Regex.IsMatch("", $"{pattern}"),
        _ => $"{property["type"]}" is "string" or "array" or "object",
    };

    private static IEnumerable<(string Path, JsonNode? Value, string Meaning)> Leaves(JsonObject values, JsonObject schema, string path) => values.SelectMany(value =>
        schema["properties"]![value.Key]! is var property && IsGroup(property)
            ? Leaves(value.Value!.AsObject(), Resolve(property), $"{path}{value.Key}.")
            : [($"{path}{value.Key}", value.Value, $"{property["description"]}")]);

    private static bool IsGroup(JsonNode property) => Resolve(property).ContainsKey("properties");

    private static JsonObject Resolve(JsonNode property) => property["$ref"] is { } reference ? Schema["$defs"]![$"{reference}".Split('/')[^1]]!.AsObject() : property.AsObject();
}
