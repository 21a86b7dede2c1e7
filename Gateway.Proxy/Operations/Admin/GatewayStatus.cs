using System.Reflection;
using Gateway.Notify.Delivery;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Operations.Health;
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
