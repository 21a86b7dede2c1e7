using Gateway.Notify.Delivery;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Resilience;
using Gateway.Proxy.Resilience.Ejection;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Operations.Health;

/// <summary>
/// Says whether requests should be sent to this gateway. It only reads what others keep, so it never waits for anybody.
/// </summary>
/// <remarks>
/// What is lost later does not make the gateway unready: the last known instances go on serving, and without Redis the calls that
/// need no session do. If it did, one dead Redis would take every gateway out of the load balancer at once.
/// </remarks>
internal sealed class Readiness(
    IProxyStateLookup proxy,
    ResilientClusters clusters,
    ServiceRegistry registry,
    RedisConnection redis,
    IOptions<EtcdOptions> etcd,
    IOptions<RoleOptions> roles,
    RouteStatus reloads,
    NotifyHub hub,
    ServerCertificate certificate,
    Drain drain,
    TimeProvider time)
{
    private const string Off = "off";
    private const string Connecting = "connecting";
    private const string Connected = "connected";
    private const string Lost = "lost";
    private const string Degraded = "degraded";
    private const string Draining = "draining";

    public ReadinessReport Report()
    {
        var routes = proxy.GetRoutes().Count();
        var etcdReport = ReportEtcd();
        var redisReport = ReportRedis();
        var hubReport = ReportHub();
        var last = reloads.Last;
        var reports = proxy.GetClusters().ToDictionary(cluster => cluster.ClusterId, Report);
        // A cluster with a fixed address can be served without etcd.
        var needsEtcd = reports.Values.Any(cluster => cluster.Destinations == 0);

        string[] notReady =
        [
            .. When(drain.HasBegun, "draining: the gateway was told to stop"),
            .. When(roles.Value.IsProxy && routes == 0, "no routes are loaded"),
            .. When(etcdReport.State == Connecting && needsEtcd, "the instances have not been read from etcd yet"),
            .. When(redisReport.State == Connecting, "Redis has not been reached yet"),
        ];
        string[] degraded =
        [
            .. When(etcdReport.State == Connecting && !needsEtcd, "etcd has not been reached yet; only fixed addresses are used"),
            .. When(etcdReport.State == Lost, "contact with etcd is lost; the last known instances stay in use"),
            .. When(etcdReport.HeldInstances > 0, "etcd seems to have lost its data; vanished instances stay in use for a while"),
            .. When(redisReport.State == Lost, "contact with Redis is lost; calls that need a session are refused"),
            .. When(hubReport.State == Degraded, "the hub has no contact with the other gateways; events reach the sockets of this one"),
            .. When(last?.Result == RouteReloadResult.Refused, "the last change of the routes was refused; those from before it stay in use"),
            .. When(certificate.Problem is not null, $"{certificate.Problem}; the certificate from before stays in use"),
            .. When(certificate.ExpiresSoon, $"the certificate for TLS expires at {certificate.Expires:u}"),
            .. reports.Where(cluster => cluster.Value.Available == 0).Select(cluster => $"cluster '{cluster.Key}' has no available destination"),
            .. reports.Where(cluster => cluster.Value is { Unhealthy: > 0 } report && report.Available == report.Destinations)
                .Select(cluster => $"most instances of cluster '{cluster.Key}' fail; all are used"),
            .. reports.Where(cluster => cluster.Value.BreakerOpen).Select(cluster => $"nearly all calls of cluster '{cluster.Key}' fail; it is left alone for a moment"),
        ];
        var status = (notReady, degraded) switch
        {
            ({ Length: > 0 }, _) => "not-ready",
            (_, { Length: > 0 }) => Degraded,
            _ => "ready",
        };
        return new ReadinessReport(status, notReady, degraded, drain.HasBegun, routes, last is null ? null : ReloadReport.Of(last), etcdReport, redisReport, hubReport, reports);
    }

    private ClusterReport Report(ClusterState cluster)
    {
        var destinations = cluster.DestinationsState;
        return new ClusterReport(
            destinations.AllDestinations.Count,
            destinations.AvailableDestinations.Count,
            destinations.AllDestinations.Count(destination => HealthyWithinLimit.IsUnhealthy(cluster.Model.Config, destination)),
            clusters.Of(cluster).Breaker.IsOpen);
    }

    private EtcdReport ReportEtcd()
    {
        var status = registry.Status;
        var state = (status, IsUsed: etcd.Value.EndpointList().Length > 0) switch
        {
            { IsUsed: false } => Off,
            { status.Connected: true } => Connected,
            { status.Synced: true } => Lost,
            _ => Connecting,
        };
        double? silence = status.LastContact is { } last ? Math.Round((time.GetUtcNow() - last).TotalSeconds, 1) : null;
        return new EtcdReport(state, status.Revision, silence, registry.Current.InstanceCount, status.HeldInstances);
    }

    private RedisReport ReportRedis() => new(redis switch
    {
        { IsUsed: false } => Off,
        { IsConnected: true } => Connected,
        { WasConnected: true } => Lost,
        _ => Connecting,
    });

    private HubReport ReportHub() => new(
        hub.IsDraining ? Draining : hub.IsDegraded ? Degraded : Connected,
        roles.Value.IsNotify);

    private static string[] When(bool condition, string text) => condition ? [text] : [];
}
