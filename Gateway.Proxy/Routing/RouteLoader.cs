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
        var set = await JudgeAsync(reading);
        Refuse(await dryRun.FindErrorsAsync(set, cancellationToken));
        return set;
    }

    /// <summary>All but the dry run, which needs settings within their limits.</summary>
    /// <exception cref="ConfigurationRefusedException">There is at least one mistake.</exception>
    public async Task<RouteSet> JudgeAsync(RouteReading reading)
    {
        var settings = Build(reading.Settings);
        var check = SettingsCheck.OfRoutes(settings, reading.Origins);
        List<string> errors = [.. reading.Misplaced, .. reading.Errors, .. check.Errors, .. SettingsCheck.OfGateway(settings, known, reading.Origins).Errors];

        // The routes can be judged only with their services known.
        var catalogName = reading.CatalogName();
        RouteSet set;
        try
        {
            Refuse(reading.Errors);
            catalogs.Add(catalogName, new RpcCatalog(DescriptorSets.Link(reading.DescriptorSets)));
            var readable = check.Unreadable.Count == 0 ? settings : Build(reading.Settings.Where(setting => !check.IsUnreadable(setting.Key)));
            set = RouteSettings.Read(readable.GetSection(RoutingExtensions.SectionName), reading.Origins, reading.Revision(), catalogName);
        }
        catch (ConfigurationRefusedException refused)
        {
            throw new ConfigurationRefusedException([.. errors.Union(refused.Errors)], refused);
        }

        errors.AddRange(await validator.FindErrorsAsync(set, check.IsMatchReadable));
        Refuse(errors);
        return set;
    }

    /// <exception cref="ConfigurationRefusedException">The routes are right, but a gateway cannot serve them.</exception>
    public void EnsureServable(RouteSet set) => Refuse([.. validator.FindMissing(set)]);

    private static IConfigurationRoot Build(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

    private static void Refuse(IReadOnlyList<string> errors)
    {
        if (errors.Count > 0)
        {
            throw new ConfigurationRefusedException(errors);
        }
    }
}
