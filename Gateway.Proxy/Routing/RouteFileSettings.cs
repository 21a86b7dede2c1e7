namespace Gateway.Proxy.Routing;

/// <summary>
/// What the route files said at start, as a source among the others. It stays as it is: whatever else than routes they hold is read once.
/// </summary>
internal sealed class RouteFileSettings : ConfigurationProvider, IConfigurationSource
{
    public RouteFileSettings(RouteFiles files) => Data = new Dictionary<string, string?>(files.Settings, StringComparer.OrdinalIgnoreCase);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
