using Gateway.Proxy.Destinations;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Health;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>Takes a destination out, and puts it back.</summary>
internal sealed partial class DrainCommands(IProxyStateLookup proxy, IClusterDestinationsUpdater updater, DrainedDestinations drained, ILogger<DrainCommands> logger)
{
    public IResult Drain(string? cluster, string? destination) => Change(cluster, destination, drain: true);

    public IResult Undrain(string? cluster, string? destination) => Change(cluster, destination, drain: false);

    private IResult Change(string? cluster, string? destination, bool drain)
    {
        if (cluster is null || destination is null)
        {
            return Refusal.BadRequest("Name both, as '?cluster=…&destination=…'; /admin/clusters lists them.");
        }

        if (!proxy.TryGetCluster(cluster, out var state) || !state.Destinations.TryGetValue(destination, out var found))
        {
            return Refusal.NotFound($"Cluster '{cluster}' has no destination '{destination}'; /admin/clusters lists them.");
        }

        // As they are written in the configuration.
        var (clusterId, id) = (state.ClusterId, found.DestinationId);
        if (drain)
        {
            drained.Drain(clusterId, id);
            Log.Drained(logger, id, clusterId);
        }
        else
        {
            drained.Undrain(clusterId, id);
            Log.Undrained(logger, id, clusterId);
        }

        // How many of the others may be out depends on it.
        updater.UpdateAvailableDestinations(state);
        return Results.Json(new DrainReport(clusterId, id, Drained: drain), ManagementJson.Readable.DrainReport);
    }

    private static partial class Log
    {
        [LoggerMessage(1310, LogLevel.Warning, "Destination '{Destination}' of cluster '{Cluster}' was drained by an operator: it gets no new requests from this gateway.", EventName = "DestinationDrained")]
        public static partial void Drained(ILogger logger, string destination, string cluster);

        [LoggerMessage(1311, LogLevel.Information, "Destination '{Destination}' of cluster '{Cluster}' was put back by an operator.", EventName = "DestinationUndrained")]
        public static partial void Undrained(ILogger logger, string destination, string cluster);
    }
}

/// <param name="Cluster">As it is written in the configuration.</param>
/// <param name="Destination">Its id, likewise.</param>
/// <param name="Drained">Whether it is taken out now.</param>
internal sealed record DrainReport(string Cluster, string Destination, bool Drained);
