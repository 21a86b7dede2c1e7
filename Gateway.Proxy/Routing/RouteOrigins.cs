namespace Gateway.Proxy.Routing;

/// <summary>
/// Where settings are written: the path of a file, or the kind of source. A route or a cluster is where it is written first, whatever
/// overrides a setting of it; a single setting is where the value in use is written.
/// </summary>
internal sealed class RouteOrigins
{
    public const string Environment = "environment variable";
    public const string CommandLine = "command line";
    public const string Settings = "settings of the host program";

    private readonly Dictionary<string, string> _items = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _settings = new(StringComparer.OrdinalIgnoreCase);

    public string OfRoute(string id) => _items.GetValueOrDefault(Key("Routes", id), Settings);

    public string OfCluster(string id) => _items.GetValueOrDefault(Key("Clusters", id), Settings);

    /// <param name="cluster">The id of its cluster.</param>
    /// <param name="id">The name of the destination in the configuration.</param>
    public string OfDestination(string cluster, string id) => OfSetting(Key("Clusters", cluster, "Destinations", id, "Address"));

    /// <param name="key">The whole path of a setting, or of a section, which is where the first of its settings is.</param>
    public string OfSetting(string key) => _settings.GetValueOrDefault(key) ?? Below(key).FirstOrDefault(Settings);

    /// <summary>A sentence about a route, with the places of its settings unless all routes and clusters have the same.</summary>
    public string AddPlaceOfRoute(string sentence, string id) => AddPlace(sentence, Below(Key("Routes", id)));

    /// <inheritdoc cref="AddPlaceOfRoute"/>
    public string AddPlaceOfCluster(string sentence, string id) => AddPlace(sentence, Below(Key("Clusters", id)));

    /// <summary>The same for one setting of them.</summary>
    public string AddPlaceOfSetting(string sentence, string key) => AddPlace(sentence, [OfSetting(key)]);

    /// <summary>Notes where a setting was found; later sources win over earlier ones.</summary>
    public void Add(string key, string source)
    {
        _settings[key] = source;
        if (key.Split(ConfigurationPath.KeyDelimiter) is [var section, var kind, var id, ..]
            && section.Equals(RoutingExtensions.SectionName, StringComparison.OrdinalIgnoreCase))
        {
            _items.TryAdd(Key(kind, id), source);
        }
    }

    private string AddPlace(string sentence, IEnumerable<string> places) =>
        Below(RoutingExtensions.SectionName).Distinct().Count() > 1 ? $"{sentence.TrimEnd('.')} ({string.Join(", ", places.Distinct())})." : sentence;

    private IEnumerable<string> Below(string section) => _settings
        .Where(setting => setting.Key.StartsWith(section + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase))
        .Select(setting => setting.Value);

    private static string Key(params string[] parts) => ConfigurationPath.Combine([RoutingExtensions.SectionName, .. parts]);
}
