using System.Reflection;
using Gateway.Notify.Delivery;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Operations.Statistics;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>Puts together what the management page shows first.</summary>
internal sealed class GatewayStatus(
    NotifyHub hub, Readiness readiness, Traffic traffic, ManagementToken token, IOptions<RoleOptions> roles, TimeProvider time)
{
    private static readonly string Version =
        typeof(GatewayStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly long _start = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    public StatusReport Report() => new(
        hub.NodeName,
        Version,
        _startedAt,
        Math.Round(time.GetElapsedTime(_start).TotalSeconds, 3),
        roles.Value.List(),
        token.IsSet,
        readiness.Report(),
        traffic.Report());
}

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
