using System.Text.Json;

namespace Gateway.Transforms.Schema;

/// <summary>Reads the settings of a transform that have settings below them, and so come as JSON.</summary>
internal static class NestedSettings
{
    /// <summary>The items of a list, each with the place it stands at.</summary>
    public static IEnumerable<(string At, JsonElement Item)> Items(string route, string key, IReadOnlyDictionary<string, string> settings, ICollection<string> errors)
    {
        if (!TryRead(route, key, settings, JsonValueKind.Array, errors, out var list))
        {
            return [];
        }

        return list.EnumerateArray().Select((item, i) => ($"{route}: {key}:{i}", item));
    }

    /// <summary>False for a setting that is not there, and for one of another kind, which is a mistake.</summary>
    public static bool TryRead(
        string route, string key, IReadOnlyDictionary<string, string> settings, JsonValueKind kind, ICollection<string> errors, out JsonElement value)
    {
        value = default;
        if (!settings.TryGetValue(key, out var text))
        {
            return false;
        }

        try
        {
            value = JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            // Told below: it is no list or group of settings.
        }

        if (value.ValueKind != kind)
        {
            errors.Add($"{route}: transform '{key}' is '{text}'; write {(kind != JsonValueKind.Array ? "a group of settings" : key == TransformKeys.SessionSources ? "a list of places" : "a list of rules")}, see docs/configuration.md.");
            return false;
        }

        return true;
    }

    /// <summary>Whether it is a group of settings; names in it that nobody knows are mistakes.</summary>
    public static bool CheckNames(string at, JsonElement settings, string[] known, ICollection<string> errors)
    {
        if (settings.ValueKind != JsonValueKind.Object)
        {
            errors.Add($"{at} is '{settings}'; write a group of settings, with {string.Join(", ", known.Select(name => $"'{name}'"))}.");
            return false;
        }

        foreach (var name in settings.EnumerateObject().Select(setting => setting.Name).Except(known))
        {
            var hint = NearestName.Of(name, known) is { } nearest ? $"did you mean '{nearest}'? It knows" : "it knows";
            errors.Add($"{at} has no setting '{name}'; {hint} {string.Join(", ", known)}.");
        }

        return true;
    }

    /// <summary>A single text; empty for none, and for one that is not single, which is a mistake.</summary>
    public static string TextOf(string at, JsonElement settings, string name, ICollection<string> errors)
    {
        if (!settings.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        if (IsSingle(value))
        {
            return value.ToString();
        }

        errors.Add($"{at}:{name} is '{value}'; write it as one text.");
        return "";
    }

    public static bool IsSingle(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);

    /// <summary>A text, or a list of texts.</summary>
    public static IEnumerable<string> TextsOf(JsonElement settings, string name) =>
        !settings.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(one => one.ToString())
        : [value.ToString()];
}
