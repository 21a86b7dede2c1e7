using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Gateway.Proxy.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Which names the section <c>Gateway</c> knows. Found by the options that are registered: each says its section in a constant
/// <c>SectionName</c>.
/// </summary>
/// <param name="services">All registrations of the program.</param>
internal sealed class KnownSettings(IServiceCollection services)
{
    public const string Root = "Gateway";

    /// <summary>Why reflection finds what it looks for in a native build too.</summary>
    public const string KeptWhole = "The project file keeps the options and YARP's configuration whole, with TrimmerRootAssembly.";

    /// <summary>Settings that are read one by one.</summary>
    private static readonly string[] Single = [RoleExtensions.Setting, RouteFile.Setting, RouteFile.FolderSetting, DescriptorSets.Setting];

    private readonly Lazy<ILookup<string, Type>> _sections = new(() => services
        .Select(service => service.ServiceType)
        .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConfigureOptions<>))
        .Select(type => type.GenericTypeArguments[0])
        .Distinct()
        .Where(type => SectionOf(type) is not null)
        .ToLookup(type => SectionOf(type)!, StringComparer.OrdinalIgnoreCase));

    /// <summary>The names known right below a path, each with the type of its value; null for a section of settings.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KeptWhole)]
    public IReadOnlyDictionary<string, Type?> Below(string path)
    {
        var names = new Dictionary<string, Type?>(StringComparer.OrdinalIgnoreCase);
        foreach (var below in _sections.Value.Select(section => section.Key).Concat(Single)
            .Where(key => key.StartsWith(path + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase)))
        {
            names[below[(path.Length + 1)..].Split(ConfigurationPath.KeyDelimiter)[0]] = below == DescriptorSets.Setting ? typeof(string[])
                : Single.Contains(below) ? typeof(string)
                : _sections.Value[below].FirstOrDefault(type => typeof(IDictionary).IsAssignableFrom(type));
        }

        foreach (var property in _sections.Value[path].SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)))
        {
            names.TryAdd(property.Name, property.PropertyType);
        }

        return names;
    }

    /// <summary>The values of settings that stand nowhere, by their paths: those of new options. Lists and objects have none.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = KeptWhole)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = KeptWhole)]
    public IEnumerable<KeyValuePair<string, string>> Defaults() =>
        from section in _sections.Value
        from type in section
        where !typeof(IDictionary).IsAssignableFrom(type)
        let options = Activator.CreateInstance(type)
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        let value = property.GetValue(options)
        where value is null or string or bool or IFormattable
        select KeyValuePair.Create($"{section.Key}:{property.Name}", Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KeptWhole)]
    private static string? SectionOf(Type type) =>
        type.GetField("SectionName")?.GetRawConstantValue() is string name && name.StartsWith(Root + ':', StringComparison.Ordinal) ? name : null;
}

/// <summary>The section Gateway as it was read at start.</summary>
/// <param name="Settings">What is written in it.</param>
/// <param name="Origins">Where.</param>
internal sealed record StartSettings(IReadOnlyDictionary<string, string?> Settings, RouteOrigins Origins);
