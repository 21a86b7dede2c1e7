using Gateway.Proxy.Settings;

namespace Gateway.Proxy.Routing;

/// <summary>What yarp.json and the files of the routes folder say together.</summary>
/// <param name="Settings">Their settings, those of all files merged.</param>
/// <param name="Origins">The path of the file that each of these settings stands in.</param>
/// <param name="Contents">The files as they were read, by path.</param>
/// <param name="Misplaced">What stands in a file where it may not stand, a sentence each. It is not among the settings.</param>
internal sealed record RouteFiles(
    IReadOnlyDictionary<string, string?> Settings,
    IReadOnlyDictionary<string, string> Origins,
    IReadOnlyList<KeyValuePair<string, byte[]>> Contents,
    IReadOnlyList<string> Misplaced)
{
    /// <summary>Of a gateway that has no routes.</summary>
    public static readonly RouteFiles None = new(new Dictionary<string, string?>(), new Dictionary<string, string>(), [], []);

    private const string What = "routes file";

    /// <summary>More files than this are a folder named by mistake.</summary>
    private const int MaxFiles = 256;

    /// <summary>What is told apart by an id, which only one file may have.</summary>
    private static readonly string[] Owned = ["Routes", "Clusters"];

    /// <summary>All that a file of the folder may hold.</summary>
    private static readonly string[] Allowed =
        [RoutingExtensions.SectionName, .. Owned.Select(kind => $"{RoutingExtensions.SectionName}:{kind}"), "Gateway", DescriptorSets.Setting, "$schema"];

    /// <param name="location">Where they are.</param>
    /// <param name="candidate">A text to be read in place of yarp.json, to find out whether it could take that place; null for yarp.json itself.</param>
    /// <exception cref="ConfigurationRefusedException">A file cannot be read or is not JSON, so nobody knows what it would say.</exception>
    public static RouteFiles Read(RouteFile location, byte[]? candidate = null)
    {
        List<string> errors = [];
        List<KeyValuePair<string, byte[]>> contents = [];
        List<KeyValuePair<string, IReadOnlyDictionary<string, string?>>> files = [];
        foreach (var path in List(location))
        {
            try
            {
                var bytes = path == location.Path && candidate is not null
                    ? candidate
                    : JsonSettings.Read(What, path, $"put one there, or name another with {RouteFile.Setting}");
                contents.Add(new(path, bytes));
                files.Add(new(path, JsonSettings.Parse(What, path, bytes)));
            }
            catch (ConfigurationRefusedException refused)
            {
                errors.AddRange(refused.Errors);
            }
        }

        string[] misplaced =
        [
            .. files.Where(file => file.Key != location.Path).SelectMany(file => CheckAllowed(file.Key, file.Value, location)),
            .. Owned.SelectMany(kind => CheckOwners(kind, files)),
        ];
        return errors.Count > 0 ? throw new ConfigurationRefusedException([.. errors, .. misplaced]) : Merge(location, files, contents, misplaced);
    }

    /// <summary>yarp.json, then those of the folder by name.</summary>
    private static IEnumerable<string> List(RouteFile location)
    {
        if (!Directory.Exists(location.Folder))
        {
            return location.FolderIsNamed
                ? throw new ConfigurationRefusedException(
                    [$"The routes folder '{location.Folder}' does not exist; make it, or correct {RouteFile.FolderSetting}."])
                : [location.Path];
        }

        string[] further;
        try
        {
            // Names with a dot in front are those of editors and of ConfigMaps.
            further = [.. Directory.EnumerateFiles(location.Folder, "*.json")
                .Where(path => !Path.GetFileName(path).StartsWith('.') && path != location.Path)
                .Take(MaxFiles + 1)
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationRefusedException(
                [$"The routes folder '{location.Folder}' cannot be read ({exception.Message.TrimEnd('.')}); change its permissions."], exception);
        }

        return further.Length > MaxFiles
            ? throw new ConfigurationRefusedException(
                [$"The routes folder '{location.Folder}' has more than {MaxFiles} files; put several routes into one, or correct {RouteFile.FolderSetting}."])
            : [location.Path, .. further];
    }

    private static IEnumerable<string> CheckAllowed(string path, IReadOnlyDictionary<string, string?> settings, RouteFile location) =>
        settings.Keys.Where(key => !IsAllowed(key)).Select(key =>
            $"The routes file '{path}' sets '{key}'; files of the routes folder hold routes, clusters and descriptor sets alone, so move it to '{location.Path}'.");

    private static bool IsAllowed(string key) =>
        Allowed.Contains(key, StringComparer.OrdinalIgnoreCase)
        || Owned.Any(kind => key.StartsWith($"{RoutingExtensions.SectionName}:{kind}:", StringComparison.OrdinalIgnoreCase))
        || key.StartsWith(DescriptorSets.Setting + ':', StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> CheckOwners(string kind, IEnumerable<KeyValuePair<string, IReadOnlyDictionary<string, string?>>> files)
    {
        var owners = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (path, settings) in files)
        {
            foreach (var id in Ids(kind, settings))
            {
                if (!owners.TryAdd(id, path))
                {
                    yield return $"{kind[..^1]} '{id}' stands in '{owners[id]}' and in '{path}'; keep one of them, or give one another id.";
                }
            }
        }
    }

    private static IEnumerable<string> Ids(string kind, IReadOnlyDictionary<string, string?> settings)
    {
        var section = $"{RoutingExtensions.SectionName}:{kind}:";
        return settings.Keys
            .Where(key => key.StartsWith(section, StringComparison.OrdinalIgnoreCase))
            .Select(key => key[section.Length..].Split(ConfigurationPath.KeyDelimiter)[0])
            .Distinct(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Each file has its own list of descriptor sets; they are joined, where anything else stands in one file alone, and is the first one's otherwise.</summary>
    private static RouteFiles Merge(
        RouteFile location,
        IEnumerable<KeyValuePair<string, IReadOnlyDictionary<string, string?>>> files,
        IReadOnlyList<KeyValuePair<string, byte[]>> contents,
        IReadOnlyList<string> misplaced)
    {
        var merged = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var origins = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var owners = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var sets = 0;
        foreach (var (path, settings) in files)
        {
            foreach (var (key, value) in settings.Where(setting => path == location.Path || IsAllowed(setting.Key)))
            {
                if (key.Split(ConfigurationPath.KeyDelimiter) is [var section, var kind, var id, ..]
                    && section.Equals(RoutingExtensions.SectionName, StringComparison.OrdinalIgnoreCase) && !IsOwner(path, $"{kind}:{id}"))
                {
                    continue;
                }

                var isSet = key.StartsWith(DescriptorSets.Setting + ':', StringComparison.OrdinalIgnoreCase);
                var name = isSet ? $"{DescriptorSets.Setting}:{sets++}" : key;
                merged[name] = value;
                origins[name] = path;
            }
        }

        return new RouteFiles(merged, origins, contents, misplaced);

        bool IsOwner(string path, string item) => owners.TryAdd(item, path) || owners[item] == path;
    }
}

/// <summary>
/// What the route files said at start, as a source among the others. It stays as it is: whatever else than routes they hold is read once.
/// </summary>
internal sealed class RouteFileSettings : ConfigurationProvider, IConfigurationSource
{
    public RouteFileSettings(RouteFiles files) => Data = new Dictionary<string, string?>(files.Settings, StringComparer.OrdinalIgnoreCase);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
