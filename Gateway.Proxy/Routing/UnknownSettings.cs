using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Gateway.Transforms.Schema;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Finds settings that nothing reads: a misspelt name would otherwise be a setting silently left at its default.</summary>
internal static class UnknownSettings
{
    private static readonly Dictionary<string, Type> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Routes"] = typeof(RouteConfig),
        ["Clusters"] = typeof(ClusterConfig),
    };

    /// <summary>In YARP's section, at any depth.</summary>
    public static IEnumerable<string> FindInRoutes(IConfiguration section)
    {
        foreach (var kind in section.GetChildren())
        {
            if (!Sections.TryGetValue(kind.Key, out var type))
            {
                yield return Unknown($"Section '{RoutingExtensions.SectionName}'", kind.Key, Sections.Keys);
                continue;
            }

            foreach (var error in kind.GetChildren().SelectMany(item => CheckObject($"{kind.Key[..^1]} '{item.Key}'", item, type)))
            {
                yield return error;
            }
        }
    }

    /// <summary>In the section Gateway, at any depth.</summary>
    public static IEnumerable<string> FindInGateway(IConfiguration settings, KnownSettings known) =>
        CheckGateway(settings.GetSection(KnownSettings.Root), known);

    private static IEnumerable<string> CheckGateway(IConfigurationSection section, KnownSettings known)
    {
        var names = known.Below(section.Path);
        return section.GetChildren().SelectMany(child => names.TryGetValue(child.Key, out var type)
            ? type is null ? CheckGateway(child, known) : CheckValue(child.Path, child, type)
            : [Unknown(section.Path, child.Key, names.Keys)]);
    }

    private static IEnumerable<string> CheckObject(string subject, IConfigurationSection section, Type type)
    {
        var names = NamesOf(type);
        return section.GetChildren().SelectMany(child => names.TryGetValue(child.Key, out var below)
            ? CheckValue(Below(subject, child.Key), child, below, subject)
            : [Unknown(subject, child.Key, names.Keys)]);
    }

    /// <param name="subject">The setting.</param>
    /// <param name="section">Its section.</param>
    /// <param name="type">The type of its value.</param>
    /// <param name="owner">What it belongs to. A destination is named as one of its cluster.</param>
    private static IEnumerable<string> CheckValue(string subject, IConfigurationSection section, Type type, string? owner = null)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementOf(type) is { } element)
        {
            // What stands beside 'Rpc' is checked where the messages are known.
            return element == typeof(string) && section[TransformKeys.Rpc] is not null ? [] : section.GetChildren().SelectMany(child => CheckElement(
                owner is not null && element == typeof(DestinationConfig) ? $"{owner}: destination '{child.Key}'" : Below(subject, child.Key), child, element));
        }

        if (!IsSingle(type))
        {
            return CheckObject(subject, section, type);
        }

        // YARP reads flags as a list of names.
        return section.GetChildren().Any() && !type.IsEnum
            ? [$"{subject} is a single value, and has settings below it; write it as one text or number."]
            : [];
    }

    private static IEnumerable<string> CheckElement(string subject, IConfigurationSection section, Type type) =>
        ElementOf(type) is not null || IsSingle(type) ? CheckValue(subject, section, type) : CheckObject(subject, section, type);

    /// <summary>The ids are the names of sections, and not read as settings. A route does name its cluster.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KnownSettings.KeptWhole)]
    private static Dictionary<string, Type> NamesOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => (type, property.Name) is not ({ Name: nameof(RouteConfig) }, nameof(RouteConfig.RouteId))
            and not ({ Name: nameof(ClusterConfig) }, nameof(ClusterConfig.ClusterId)))
        .ToDictionary(property => property.Name, property => property.PropertyType, StringComparer.OrdinalIgnoreCase);

    private static string Below(string subject, string key) => subject.EndsWith('\'') ? $"{subject}: {key}" : $"{subject}:{key}";

    private static bool IsSingle(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(decimal)
        || type == typeof(Uri) || type == typeof(Version) || type == typeof(object);

    private static bool IsDictionary(Type type) => Implemented(type, typeof(IEnumerable<>))?.GenericTypeArguments[0] is { IsGenericType: true } pair
        && pair.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    private static Type? ElementOf(Type type) =>
        type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type) ? null
        : Implemented(type, typeof(IEnumerable<>))?.GenericTypeArguments[0] is not { } element ? null
        : IsDictionary(type) ? element.GenericTypeArguments[1] : element;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KnownSettings.KeptWhole)]
    private static Type? Implemented(Type type, Type definition) =>
        type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition);

    private static string Unknown(string subject, string name, IEnumerable<string> known)
    {
        string[] names = [.. known.Order(StringComparer.Ordinal)];
        var hint = NearestName.Of(name, names) is { } nearest ? $"did you mean '{nearest}'? It knows" : "it knows";
        return $"{subject} has no setting '{name}'; {hint} {string.Join(", ", names)}.";
    }
}
