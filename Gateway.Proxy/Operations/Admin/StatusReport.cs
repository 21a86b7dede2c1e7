using Gateway.Proxy.Operations.Health;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What <c>/admin/status</c> says: the gateway at a glance.</summary>
/// <param name="Node">Its name, as the sockets of several gateways are listed by it.</param>
/// <param name="Version">The version of the program.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="UptimeSeconds">How long ago that is; a clock for rates between two answers.</param>
/// <param name="Roles">What it does: <c>proxy</c>, <c>notify</c> or both.</param>
/// <param name="CanChange">There is a management token, so something can be changed.</param>
/// <param name="Health">The answer of <c>/readyz</c>.</param>
/// <param name="Traffic">What has gone through it.</param>
internal sealed record StatusReport(
    string Node,
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    IReadOnlyList<string> Roles,
    bool CanChange,
    ReadinessReport Health,
    TrafficReport Traffic);

/// <summary>Counts since the start, from which two answers make a rate.</summary>
/// <param name="Calls">Calls on RPC routes that have ended, by outcome.</param>
/// <param name="Sockets">Sockets open on this gateway now.</param>
/// <param name="Published">Events published here.</param>
/// <param name="Delivered">Events written to sockets of this gateway.</param>
/// <param name="Dropped">Events that a closing socket did not get any more.</param>
/// <param name="SlowConsumers">Sockets closed because they did not read their events.</param>
/// <param name="Lost">Events that could not be taken to other gateways.</param>
/// <param name="QueuedBytes">Bytes that wait now for slow sockets.</param>
internal sealed record TrafficReport(
    IReadOnlyDictionary<string, long> Calls,
    long Sockets,
    long Published,
    long Delivered,
    long Dropped,
    long SlowConsumers,
    long Lost,
    long QueuedBytes);
