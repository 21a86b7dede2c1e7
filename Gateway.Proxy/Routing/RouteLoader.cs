using Gateway.Proxy.Settings;
using Gateway.Transforms.Schema;

namespace Gateway.Proxy.Routing;

/// <summary>
/// The one way to routes, at start, while running and for the <c>validate</c> command: form, names, values, meaning, and a dry run
/// of the build.
/// </summary>
internal sealed class RouteLoader(RouteReader reader, KnownSettings known, RouteValidator validator, RouteDryRun dryRun, RpcCatalogs catalogs)
{
    /// <param name="candidate">A text to be read in place of yarp.json, to find out whether it could take that place; null for yarp.json itself.</param>
    public RouteReading Read(byte[]? candidate = null) => reader.Read(candidate);

    /// <exception cref="ConfigurationRefusedException">There is at least one mistake.</exception>
    public async Task<RouteSet> LoadAsync(RouteReading reading, CancellationToken cancellationToken)
    {
        Refuse(reading.Errors);
        var settings = new ConfigurationBuilder().AddInMemoryCollection(reading.Settings).Build();
        var section = settings.GetSection(RoutingExtensions.SectionName);
        List<string> errors = [.. UnknownSettings.FindInRoutes(section), .. UnknownSettings.FindInGateway(settings, known)];

        // The routes can be judged only with their services known and their values of the right type.
        var catalogName = reading.CatalogName();
        RouteSet set;
        try
        {
            catalogs.Add(catalogName, new RpcCatalog(DescriptorSets.Link(reading.DescriptorSets)));
            set = RouteSettings.Read(section, reading.Origins, reading.Revision(), catalogName);
        }
        catch (ConfigurationRefusedException refused)
        {
            throw new ConfigurationRefusedException([.. errors, .. refused.Errors], refused);
        }

        errors.AddRange(await validator.FindErrorsAsync(set));
        Refuse(errors);
        Refuse(await dryRun.FindErrorsAsync(set, cancellationToken));
        return set;
    }

    /// <exception cref="ConfigurationRefusedException">The routes are right, but a gateway cannot serve them.</exception>
    public void EnsureServable(RouteSet set) => Refuse([.. validator.FindMissing(set)]);

    /// <summary>For a gateway without routes: the names of its settings, which are checked with the routes otherwise.</summary>
    /// <exception cref="ConfigurationRefusedException">A setting is unknown.</exception>
    public void EnsureSettingsKnown(IConfiguration settings) => Refuse([.. UnknownSettings.FindInGateway(settings, known)]);

    private static void Refuse(IReadOnlyList<string> errors)
    {
        if (errors.Count > 0)
        {
            throw new ConfigurationRefusedException(errors);
        }
    }
}
