using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Gateway.Proxy.Canary;
using Gateway.Transforms.Schema;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>
/// One walk through the settings and the types that they are read into. It finds settings that nothing reads, for a misspelt name would otherwise be a
/// setting silently left at its default; and values that their reader cannot read, for it would name the first alone, and without its place.
/// </summary>
internal sealed class SettingsCheck
{
    private const string Routes = nameof(Routes);

    private static readonly Dictionary<string, Type> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        [Routes] = typeof(RouteConfig),
        ["Clusters"] = typeof(ClusterConfig),
    };

    private readonly RouteOrigins _origins;
    private readonly ValueReader _reader;
    private readonly List<string> _errors = [];
    private readonly List<string> _unreadable = [];

    private SettingsCheck(RouteOrigins origins, ValueReader reader)
    {
        _origins = origins;
        _reader = reader;
    }

    /// <summary>A sentence for each mistake.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The keys of what cannot be read. Without these all else can be read, and judged.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>YARP's section, at any depth.</summary>
    public static SettingsCheck OfRoutes(IConfiguration settings, RouteOrigins origins)
    {
        var check = new SettingsCheck(origins, ValueReader.OfRoutes);
        foreach (var kind in settings.GetSection(RoutingExtensions.SectionName).GetChildren())
        {
            if (!Sections.TryGetValue(kind.Key, out var type))
            {
                check.AddUnknown($"Section '{RoutingExtensions.SectionName}'", kind, Sections.Keys);
                continue;
            }

            check.CheckHasNoValue($"{RoutingExtensions.SectionName}:{kind.Key}", kind, "an object with one entry for each id");
            foreach (var item in kind.GetChildren())
            {
                check.CheckObject($"{kind.Key[..^1]} '{item.Key}'", item, type);
            }
        }

        return check;
    }

    /// <summary>The section Gateway, at any depth.</summary>
    public static SettingsCheck OfGateway(IConfiguration settings, KnownSettings known, RouteOrigins origins)
    {
        var check = new SettingsCheck(origins, ValueReader.OfGateway);
        check.CheckGateway(settings.GetSection(KnownSettings.Root), known);
        return check;
    }

    /// <summary>Whether a key belongs to what cannot be read.</summary>
    public bool IsUnreadable(string key) => _unreadable.Any(unreadable => IsWithin(key, unreadable));

    /// <summary>Whether all could be read that decides which requests a route gets.</summary>
    public bool IsMatchReadable(string route)
    {
        var path = ConfigurationPath.Combine(RoutingExtensions.SectionName, Routes, route);
        return !_unreadable.Any(key => IsWithin(key, $"{path}:{nameof(RouteConfig.Match)}") || IsWithin(key, $"{path}:{nameof(RouteConfig.Order)}"));
    }

    private void CheckGateway(IConfigurationSection section, KnownSettings known)
    {
        var names = known.Below(section.Path);
        foreach (var child in section.GetChildren())
        {
            if (!names.TryGetValue(child.Key, out var type))
            {
                AddUnknown(section.Path, child, names.Keys);
            }
            else if (type is not null)
            {
                CheckValue(child.Path, child, type);
            }
            else
            {
                CheckHasNoValue(child.Path, child, $"an object with {List(known.Below(child.Path).Keys)}");
                CheckGateway(child, known);
            }
        }
    }

    private void CheckObject(string subject, IConfigurationSection section, Type type)
    {
        var names = NamesOf(type);
        CheckHasNoValue(subject, section, $"an object with {List(names.Keys)}");
        foreach (var child in section.GetChildren())
        {
            if (names.TryGetValue(child.Key, out var below))
            {
                CheckValue(Below(subject, child.Key), child, below, subject);
            }
            else
            {
                AddUnknown(subject, child, names.Keys);
            }
        }
    }

    /// <param name="subject">The setting.</param>
    /// <param name="section">Its section.</param>
    /// <param name="type">The type of its value.</param>
    /// <param name="owner">What it belongs to. A destination is named as one of its cluster.</param>
    private void CheckValue(string subject, IConfigurationSection section, Type type, string? owner = null)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementOf(type) is { } element)
        {
            CheckElements(subject, section, type, element, owner);
        }
        else if (!IsSingle(type))
        {
            CheckObject(subject, section, type);
        }
        else if (type.IsDefined(typeof(FlagsAttribute)))
        {
            // YARP reads flags as a list of names.
            CheckHasNoValue(subject, section, "a list");
            foreach (var child in section.GetChildren())
            {
                CheckText(Below(subject, child.Key), child, type, child.Value ?? "");
            }
        }
        else if (section.GetChildren().Any())
        {
            _errors.Add($"{subject} is a single value, and has settings below it; write it as one text or number.");
        }
        else if (section.Value is { } text)
        {
            CheckText(subject, section, type, text);
        }
    }

    private void CheckElements(string subject, IConfigurationSection section, Type type, Type element, string? owner)
    {
        CheckHasNoValue(subject, section, IsDictionary(type) ? "an object" : "a list");
        if (element == typeof(string) && section[TransformKeys.Rpc] is not null)
        {
            // What stands beside 'Rpc' is checked where the messages are known.
            return;
        }

        foreach (var child in section.GetChildren())
        {
            var before = _unreadable.Count;
            CheckValue(owner is not null && element == typeof(DestinationConfig) ? $"{owner}: destination '{child.Key}'" : Below(subject, child.Key), child, element);
            if (_unreadable.Count > before && !IsDictionary(type))
            {
                // A header to be matched means something else without its mode.
                _unreadable.Add(child.Path);
            }
        }
    }

    private void CheckText(string subject, IConfigurationSection section, Type type, string text)
    {
        if (_reader.FindCure(type, text) is { } cure)
        {
            _unreadable.Add(section.Path);
            _errors.Add($"{subject} is '{ValueReader.Show(type, text)}' ({_origins.OfSetting(section.Path)}); use {cure}.");
        }
    }

    /// <summary>What is written where an object or a list has to be is read by nobody. It is not shown: it may be a password.</summary>
    private void CheckHasNoValue(string subject, IConfigurationSection section, string cure)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            _errors.Add($"{subject} is a single value ({_origins.OfSetting(section.Path)}); write it as {cure}.");
        }
    }

    private void AddUnknown(string subject, IConfigurationSection section, IEnumerable<string> known)
    {
        string[] names = [.. known];
        var hint = NearestName.Of(section.Key, names) is { } nearest ? $"did you mean '{nearest}'? It knows" : "it knows";
        _errors.Add(_origins.AddPlaceOfSetting($"{subject} has no setting '{section.Key}'; {hint} {List(names)}.", section.Path));
    }

    /// <summary>The ids are the names of sections, and not read as settings. A route does name its cluster, and has a setting more than YARP knows.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KnownSettings.KeptWhole)]
    private static Dictionary<string, Type> NamesOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => (type, property.Name) is not ({ Name: nameof(RouteConfig) }, nameof(RouteConfig.RouteId))
            and not ({ Name: nameof(ClusterConfig) }, nameof(ClusterConfig.ClusterId)))
        .Select(property => (property.Name, Type: property.PropertyType))
        .Concat(type == typeof(RouteConfig) ? [(CanaryRule.Setting, typeof(CanaryRule[]))] : [])
        .ToDictionary(setting => setting.Name, setting => setting.Type, StringComparer.OrdinalIgnoreCase);

    private static string Below(string subject, string key) => subject.EndsWith('\'') ? $"{subject}: {key}" : $"{subject}:{key}";

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    private static bool IsWithin(string key, string path) =>
        key.StartsWith(path, StringComparison.OrdinalIgnoreCase) && (key.Length == path.Length || key[path.Length] == ':');

    private static bool IsSingle(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri) || type == typeof(Version);

    private static bool IsDictionary(Type type) => Implemented(type, typeof(IEnumerable<>))?.GenericTypeArguments[0] is { IsGenericType: true } pair
        && pair.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    private static Type? ElementOf(Type type) =>
        type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type) ? null
        : Implemented(type, typeof(IEnumerable<>))?.GenericTypeArguments[0] is not { } element ? null
        : IsDictionary(type) ? element.GenericTypeArguments[1] : element;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KnownSettings.KeptWhole)]
    private static Type? Implemented(Type type, Type definition) =>
        type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition);
}
