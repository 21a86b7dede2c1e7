using Gateway.Proxy.Settings;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Reads route files, descriptor sets and the settings that win over them, all anew each time. JSON files of settings are read here too:
/// the framework forgets what such a file said when it finds it broken, and an address that was overridden would come back.
/// </summary>
internal sealed class RouteReader(IConfiguration configuration, RouteFile location, IHostEnvironment environment)
{
    private static readonly string[] Sections = [RoutingExtensions.SectionName, "Gateway"];

    /// <summary>Never throws: what cannot be read is a mistake like any other.</summary>
    /// <param name="candidate">A text to be read in place of yarp.json, to find out whether it could take that place; null for yarp.json itself.</param>
    public RouteReading Read(byte[]? candidate = null)
    {
        try
        {
            var files = candidate is null && !RouteFile.IsNeeded(configuration) && !File.Exists(location.Path) ? RouteFiles.None : RouteFiles.Read(location, candidate);
            var contents = files.Contents.ToList();
            var origins = new RouteOrigins();
            var settings = Layer(files, contents, origins);
            var sets = ReadDescriptorSets(settings, out var errors);
            return new RouteReading(files.Settings, settings, origins, sets, contents, files.Misplaced, errors);
        }
        catch (ConfigurationRefusedException refused)
        {
            return new RouteReading(refused.Errors);
        }
        catch (Exception exception)
        {
            // Whatever it is, it must not end the watch over the files: a path with a forbidden character, for example.
            return new RouteReading([$"The route files cannot be read: {exception.Message}"]);
        }
    }

    /// <summary>If one is missing, the settings can still be judged.</summary>
    private IReadOnlyList<KeyValuePair<string, byte[]>> ReadDescriptorSets(Dictionary<string, string?> settings, out IReadOnlyList<string> errors)
    {
        errors = [];
        try
        {
            return DescriptorSets.Read(PathsOfDescriptorSets(settings), environment.ContentRootPath);
        }
        catch (ConfigurationRefusedException refused)
        {
            errors = refused.Errors;
            return [];
        }
    }

    private Dictionary<string, string?> Layer(RouteFiles files, List<KeyValuePair<string, byte[]>> contents, RouteOrigins origins)
    {
        var layered = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        IEnumerable<IConfigurationProvider> providers = ((IConfigurationRoot)configuration).Providers;
        if (!providers.OfType<RouteFileSettings>().Any())
        {
            // A gateway that only serves sockets may have started without route files, and be asked about some.
            providers = providers.Prepend(new RouteFileSettings(files));
        }

        foreach (var provider in providers)
        {
            var settings = provider switch
            {
                RouteFileSettings => files.Settings,
                JsonConfigurationProvider json => ReadJson(json.Source, contents),
                _ => Flatten(provider),
            };
            foreach (var (key, value) in settings.Where(setting => IsOurs(setting.Key)))
            {
                layered[key] = value;
                origins.Add(key, provider is RouteFileSettings ? files.Origins[key] : Describe(provider));
            }
        }

        return layered;
    }

    private static string Describe(IConfigurationProvider provider) => provider switch
    {
        JsonConfigurationProvider json => json.Source.FileProvider?.GetFileInfo(json.Source.Path ?? "").PhysicalPath ?? RouteOrigins.Settings,
        EnvironmentVariablesConfigurationProvider => RouteOrigins.Environment,
        CommandLineConfigurationProvider => RouteOrigins.CommandLine,
        _ => RouteOrigins.Settings,
    };

    private static IReadOnlyDictionary<string, string?> ReadJson(FileConfigurationSource source, List<KeyValuePair<string, byte[]>> contents)
    {
        const string what = "settings file";
        var file = source.FileProvider?.GetFileInfo(source.Path ?? "");
        if (file is not { Exists: true, PhysicalPath: { } path })
        {
            return source.Optional
                ? new Dictionary<string, string?>()
                : throw new ConfigurationRefusedException([$"The {what} '{file?.PhysicalPath ?? source.Path}' does not exist; put it back."]);
        }

        var bytes = JsonSettings.Read(what, path, "put it back");
        contents.Add(new(path, bytes));
        return JsonSettings.Parse(what, path, bytes);
    }

    private static Dictionary<string, string?> Flatten(IConfigurationProvider provider)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var section in Sections)
        {
            Add(section);
        }

        return settings;

        void Add(string key)
        {
            if (provider.TryGet(key, out var value))
            {
                settings[key] = value;
            }

            foreach (var child in provider.GetChildKeys([], key).Distinct(StringComparer.OrdinalIgnoreCase))
            {
                Add(ConfigurationPath.Combine(key, child));
            }
        }
    }

    private static bool IsOurs(string key) => Sections.Any(section =>
        key.StartsWith(section, StringComparison.OrdinalIgnoreCase) && (key.Length == section.Length || key[section.Length] == ':'));

    private static IEnumerable<string> PathsOfDescriptorSets(Dictionary<string, string?> settings) => settings
        .Where(setting => setting.Key.StartsWith(DescriptorSets.Setting + ':', StringComparison.OrdinalIgnoreCase))
        .OrderBy(setting => setting.Key, ConfigurationKeyComparer.Instance)
        .Select(setting => setting.Value ?? "")
        .Where(path => path.Length > 0);
}
