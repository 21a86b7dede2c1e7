using System.Text.Json.Serialization;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Operations.Health;

/// <summary>What <c>/readyz</c> says.</summary>
/// <param name="Status"><c>ready</c>, <c>degraded</c> (ready, and somebody should look) or <c>not-ready</c>.</param>
/// <param name="NotReady">Why no requests should be sent here; empty when they may.</param>
/// <param name="Degraded">What is wrong while requests are served all the same.</param>
/// <param name="Draining">The gateway was told to stop.</param>
/// <param name="Routes">Routes in force.</param>
/// <param name="LastReload">What became of the last change of the routes; null on a gateway without routes.</param>
/// <param name="Etcd">How well the registry is followed.</param>
/// <param name="Redis">Whether the sessions can be read.</param>
/// <param name="Hub">How well events reach sockets.</param>
/// <param name="Clusters">Where requests can go.</param>
internal sealed record ReadinessReport(
    string Status,
    IReadOnlyList<string> NotReady,
    IReadOnlyList<string> Degraded,
    bool Draining,
    int Routes,
    ReloadReport? LastReload,
    EtcdReport Etcd,
    RedisReport Redis,
    HubReport Hub,
    IReadOnlyDictionary<string, ClusterReport> Clusters)
{
    [JsonIgnore]
    public bool IsReady => NotReady.Count == 0;
}

/// <param name="Result"><c>applied</c>, <c>refused</c> or <c>unchanged</c>.</param>
/// <param name="At">When.</param>
/// <param name="Revision">The revision of the routes in use, whatever the result.</param>
/// <param name="AppliedAt">Since when these are in use.</param>
/// <param name="Message">The same for people, with every mistake.</param>
/// <param name="Errors">Every mistake, a sentence each; empty unless it was refused.</param>
/// <param name="WaitForRestart">Settings in the route files that have changed and are read only at start.</param>
internal sealed record ReloadReport(
    string Result,
    DateTimeOffset At,
    string Revision,
    DateTimeOffset AppliedAt,
    string Message,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> WaitForRestart)
{
    public static ReloadReport Of(RouteReload reload) => new(
        reload.Result.ToString().ToLowerInvariant(), reload.At, reload.Revision, reload.AppliedAt, reload.Message, reload.Errors, reload.WaitForRestart);
}

/// <param name="State"><c>off</c>, <c>connecting</c> (never read yet), <c>connected</c> or <c>lost</c>.</param>
/// <param name="Revision">The newest etcd revision known.</param>
/// <param name="SecondsSinceContact">How long ago etcd last said anything; null before the first time.</param>
/// <param name="Instances">Instances in use.</param>
/// <param name="HeldInstances">How many of them have vanished and stay in use because etcd seems to have lost its data.</param>
internal sealed record EtcdReport(string State, long Revision, double? SecondsSinceContact, int Instances, int HeldInstances);

/// <param name="State"><c>off</c>, <c>connecting</c> (never reached yet), <c>connected</c> or <c>lost</c>.</param>
internal sealed record RedisReport(string State);

/// <param name="State"><c>connected</c>, <c>degraded</c> (other gateways cannot be reached) or <c>draining</c> (sockets are being closed).</param>
/// <param name="Sockets">Whether this gateway takes sockets.</param>
internal sealed record HubReport(string State, bool Sockets);

/// <param name="Destinations">All destinations of the cluster.</param>
/// <param name="Available">How many of them get requests.</param>
/// <param name="Unhealthy">How many of them fail. When these are most, they get requests all the same.</param>
/// <param name="BreakerOpen">Whether the whole cluster is left alone for a moment because nearly all its calls fail.</param>
internal sealed record ClusterReport(int Destinations, int Available, int Unhealthy, bool BreakerOpen);
