using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Ejection;

/// <summary>
/// Takes an instance out for a while that does not serve, judged by the requests that go to it anyway. YARP brings it back when the time
/// is over.
/// </summary>
internal sealed partial class EjectionPolicy(
    ResilientClusters clusters, InstanceRecords records, IDestinationHealthUpdater health, ResilienceMetrics metrics, ILogger<EjectionPolicy> logger) : IPassiveHealthCheckPolicy
{
    public const string PolicyName = "Ejection";

    public string Name => PolicyName;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var verdict = RpcCall.Settle(context);
        if (verdict.Kind == VerdictKind.Unjudged)
        {
            return;
        }

        var record = records.Of(destination);
        if (destination.Health.Passive == DestinationHealth.Unhealthy)
        {
            // It is out already, and asked only because too many others are out as well. That is no reason to take it out for longer.
            if (verdict.Kind == VerdictKind.Answered || IsItsFault(verdict, record))
            {
                record.AskedWhileOut(verdict.Kind);
            }
        }
        else if (verdict.Kind == VerdictKind.Answered)
        {
            if (record.Answered())
            {
                Log.Returned(logger, destination.DestinationId, cluster.ClusterId);
            }
        }
        else if (IsItsFault(verdict, record) && record.Failed(clusters.Of(cluster).Settings, verdict.Kind) is { } pause)
        {
            metrics.Ejected(cluster.ClusterId, destination.Model.Config.Address, verdict.Kind);
            Log.Ejected(logger, destination.DestinationId, cluster.ClusterId, pause.TotalSeconds, verdict.Kind);
            health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, pause);
        }
    }

    /// <summary>A slow call counts only when the instance has answered no other call in that time either.</summary>
    private static bool IsItsFault(Verdict verdict, InstanceRecord record) =>
        verdict.Kind != VerdictKind.Slow || !record.HasAnsweredSince(verdict.AskedAt);

    private static partial class Log
    {
        [LoggerMessage(1450, LogLevel.Warning,
            "Instance '{Destination}' of cluster '{Cluster}' gets no requests for {Seconds:0.#} s: it fails, the last time as {Result}.", EventName = "InstanceEjected")]
        public static partial void Ejected(ILogger logger, string destination, string cluster, double seconds, VerdictKind result);

        [LoggerMessage(1451, LogLevel.Information, "Instance '{Destination}' of cluster '{Cluster}' serves again.", EventName = "InstanceReturned")]
        public static partial void Returned(ILogger logger, string destination, string cluster);
    }
}
