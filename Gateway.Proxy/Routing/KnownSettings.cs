using System.Collections;
using System.Diagnostics.CodeAnalysis;
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

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KeptWhole)]
    private static string? SectionOf(Type type) =>
        type.GetField("SectionName")?.GetRawConstantValue() is string name && name.StartsWith(Root + ':', StringComparison.Ordinal) ? name : null;
}
