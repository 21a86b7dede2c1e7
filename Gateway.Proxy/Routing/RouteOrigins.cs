namespace Gateway.Proxy.Routing;

/// <summary>
/// Where routes, clusters and addresses are written: the path of a file, or the kind of source. A route or a cluster is where it is
/// written first, whatever overrides a setting of it; an address is where the one in use is written.
/// </summary>
internal sealed class RouteOrigins
{
    public const string Environment = "environment variable";
    public const string CommandLine = "command line";
    public const string Settings = "settings";

    private readonly Dictionary<string, string> _items = new(StringComparer.OrdinalIgnoreCase);

    public string OfRoute(string id) => Find(Key("Routes", id));

    public string OfCluster(string id) => Find(Key("Clusters", id));

    /// <param name="cluster">The id of its cluster.</param>
    /// <param name="id">The name of the destination in the configuration.</param>
    public string OfDestination(string cluster, string id) => Find(Key("Clusters", cluster, "Destinations", id));

    /// <summary>Notes where a setting was found; later sources win over earlier ones.</summary>
    public void Add(string key, string source)
    {
        if (key.Split(ConfigurationPath.KeyDelimiter) is not [var section, var kind, var id, .. var below]
            || !section.Equals(RoutingExtensions.SectionName, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        _items.TryAdd(Key(kind, id), source);
        if (below is [var list, var destination, var name] && name.Equals("Address", StringComparison.OrdinalIgnoreCase))
        {
            _items[Key(kind, id, list, destination)] = source;
        }
    }

    private static string Key(params string[] parts) => string.Join(ConfigurationPath.KeyDelimiter, parts);

    private string Find(string key) => _items.GetValueOrDefault(key, Settings);
}
