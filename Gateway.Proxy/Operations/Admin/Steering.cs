using Gateway.Proxy.Destinations;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What drain and undrain do.</summary>
internal sealed partial class Steering(IProxyStateLookup proxy, DrainedDestinations drained, ILogger<Steering> logger)
{
    private const string NameBoth = "Name both, as '?cluster=…&destination=…'; /admin/clusters lists them.";

    public IResult Drain(string? cluster, string? destination)
    {
        if (cluster is null || destination is null)
        {
            return Refusal.BadRequest(NameBoth);
        }

        if (Find(cluster, destination) is not { } found)
        {
            return Unknown(cluster, destination);
        }

        drained.Drain(found, destination);
        Log.Drained(logger, destination, found);
        return Results.Json(new DrainReport(found, destination, Drained: true), ManagementJson.Readable.DrainReport);
    }

    public IResult Undrain(string? cluster, string? destination)
    {
        if (cluster is null || destination is null)
        {
            return Refusal.BadRequest(NameBoth);
        }

        if (Find(cluster, destination) is not { } found)
        {
            return Unknown(cluster, destination);
        }

        drained.Undrain(found, destination);
        Log.Undrained(logger, destination, found);
        return Results.Json(new DrainReport(found, destination, Drained: false), ManagementJson.Readable.DrainReport);
    }

    private static IResult Unknown(string cluster, string destination) =>
        Refusal.NotFound($"Cluster '{cluster}' has no destination '{destination}'; /admin/clusters lists them.");

    /// <summary>The cluster's id as it is written in the configuration.</summary>
    private string? Find(string cluster, string destination) =>
        proxy.TryGetCluster(cluster, out var state) && state.Destinations.ContainsKey(destination) ? state.ClusterId : null;

    private static partial class Log
    {
        [LoggerMessage(1310, LogLevel.Warning, "Destination '{Destination}' of cluster '{Cluster}' was drained by an operator: it gets no new requests from this gateway.", EventName = "DestinationDrained")]
        public static partial void Drained(ILogger logger, string destination, string cluster);

        [LoggerMessage(1311, LogLevel.Information, "Destination '{Destination}' of cluster '{Cluster}' was put back by an operator.", EventName = "DestinationUndrained")]
        public static partial void Undrained(ILogger logger, string destination, string cluster);
    }
}
