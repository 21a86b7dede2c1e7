using System.Text.Json.Serialization;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Operations.Health;

/// <summary>What <c>/readyz</c> says.</summary>
/// <param name="Status"><c>ready</c>, <c>degraded</c> (ready, and somebody should look), <c>outage</c> (the same, and users notice) or <c>not-ready</c>.</param>
/// <param name="NotReady">Why no requests should be sent here; empty when they may.</param>
/// <param name="Outages">What does not work, and what users notice of it. It works nowhere else either, so requests are sent here all the same.</param>
/// <param name="Degraded">What is wrong while all works that users ask for.</param>
/// <param name="Draining">The gateway was told to stop.</param>
/// <param name="Routes">Routes in force.</param>
/// <param name="LastReload">What became of the last change of the routes; null on a gateway without routes.</param>
/// <param name="Etcd">How well the registry is followed.</param>
/// <param name="Kubernetes">How well the API server is followed; left out where no cluster needs it.</param>
/// <param name="Dns">The same of DNS.</param>
/// <param name="Redis">Whether the sessions can be read.</param>
/// <param name="Hub">How well events reach sockets.</param>
/// <param name="Clusters">Where requests can go.</param>
internal sealed record ReadinessReport(
    string Status,
    IReadOnlyList<string> NotReady,
    IReadOnlyList<string> Outages,
    IReadOnlyList<string> Degraded,
    bool Draining,
    int Routes,
    ReloadReport? LastReload,
    SourceReport Etcd,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SourceReport? Kubernetes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SourceReport? Dns,
    RedisReport Redis,
    HubReport Hub,
    IReadOnlyDictionary<string, ClusterReport> Clusters)
{
    [JsonIgnore]
    public bool IsReady => NotReady.Count == 0;

    /// <summary>All that is said in sentences.</summary>
    [JsonIgnore]
    public IReadOnlyList<Found> Found { get; init; } = [];
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
/// <param name="Revision">The newest etcd revision known; left out for other sources.</param>
/// <param name="SecondsSinceContact">How long ago the source last said anything, where it is asked for each service of that which was heard of least; null before the first time.</param>
/// <param name="Instances">Instances in use.</param>
/// <param name="HeldInstances">How many of them have vanished all at once, and stay in use for a while.</param>
internal sealed record SourceReport(
    string State, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Revision, double? SecondsSinceContact, int Instances, int HeldInstances);

/// <param name="State"><c>off</c>, <c>connecting</c> (never reached yet), <c>connected</c> or <c>lost</c>.</param>
internal sealed record RedisReport(string State);

/// <param name="State"><c>connected</c>, <c>degraded</c> (other gateways cannot be reached) or <c>draining</c> (sockets are being closed).</param>
/// <param name="Sockets">Whether this gateway takes sockets.</param>
internal sealed record HubReport(string State, bool Sockets);

/// <param name="Destinations">All destinations of the cluster.</param>
/// <param name="Available">How many of them have nothing against them.</param>
/// <param name="Failing">How many of them fail. When most do, they get requests all the same.</param>
/// <param name="Unreachable">How many of them cannot be connected to. The same holds for these.</param>
/// <param name="Drained">How many of them an operator has taken out.</param>
/// <param name="BreakerOpen">Whether the whole cluster is left alone for a moment because nearly all its calls fail.</param>
internal sealed record ClusterReport(int Destinations, int Available, int Failing, int Unreachable, int Drained, bool BreakerOpen)
{
    /// <summary>Most destinations fail, so all get requests.</summary>
    [JsonIgnore]
    public bool AllAreUsed { get; init; }

    /// <summary>It is but a canary and none of its destinations gets requests, so those that are its own go to the clusters of their routes.</summary>
    [JsonIgnore]
    public bool FallsBack { get; init; }

    /// <summary>What the others are that are not available.</summary>
    [JsonIgnore]
    public string Words => Destinations == 0
        ? "it has none"
        : string.Join(", ", new[] { (Failing, "failing"), (Unreachable, "unreachable"), (Drained, "drained") }.Where(part => part.Item1 > 0).Select(part => $"{part.Item1} {part.Item2}"));
}
