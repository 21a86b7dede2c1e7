using System.Text.Json;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Notify.Client;

/// <summary>docs/notify-vectors.json.</summary>
internal static class VectorFile
{
    private static readonly JsonElement Root =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs/notify-vectors.json"))).RootElement;

    public static IEnumerable<string> Names => Vectors.Select(vector => vector.GetProperty("name").GetString()!);

    public static IEnumerable<JsonElement> Vectors => Root.GetProperty("vectors").EnumerateArray();

    /// <summary>What comes in and goes out in all steps, by its kind: frame, send, event, close, ...</summary>
    public static IEnumerable<JsonElement> Things(string kind) =>
        Root.GetProperty("begins").EnumerateObject().SelectMany(begin => begin.Value.EnumerateArray())
            .Concat(Vectors.SelectMany(Steps))
            .SelectMany(InAndOut)
            .Where(thing => thing.ValueKind == JsonValueKind.Object && thing.TryGetProperty(kind, out _))
            .Select(thing => thing.GetProperty(kind));

    public static IEnumerable<JsonElement> Steps(JsonElement vector) => vector.GetProperty("steps").EnumerateArray();

    private static IEnumerable<JsonElement> InAndOut(JsonElement step) =>
        step.GetProperty("out").EnumerateArray().Concat(step.TryGetProperty("in", out var input) ? [input] : []);
}
