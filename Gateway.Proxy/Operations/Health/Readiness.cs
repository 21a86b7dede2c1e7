using Gateway.Notify.Delivery;
using Gateway.Proxy.Canary;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Resilience;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Sessions;
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
    Standings standings,
    InstanceSources sources,
    RedisConnection redis,
    RedisSessionStore sessions,
    IOptions<RoleOptions> roles,
    IOptions<Sessions.SessionOptions> sessionOptions,
    RouteStatus reloads,
    NotifyHub hub,
    ServerCertificate certificate,
    UpstreamCertificates upstreamCertificates,
    Drain drain,
    TimeProvider time)
{
    private const int MostServicesNamed = 3;

    private const string Off = "off";
    private const string Connecting = "connecting";
    private const string Connected = "connected";
    private const string Lost = "lost";
    private const string Degraded = "degraded";
    private const string Draining = "draining";

    public ReadinessReport Report()
    {
        var routes = proxy.GetRoutes().Count();
        var sourceReports = sources.All.ToDictionary(source => source.Name, Report);
        var redisReport = ReportRedis();
        var hubReport = ReportHub();
        var last = reloads.Last;
        var canaries = Canaries();
        var reports = proxy.GetClusters().ToDictionary(cluster => cluster.ClusterId, cluster => Report(cluster, canaries.Contains(cluster.ClusterId)));
        Found[] found =
        [
            .. FindInGateway(routes, redisReport, hubReport, last),
            .. FindInSources(sourceReports, needsAll: reports.Values.Any(cluster => cluster.Destinations == 0 && !cluster.FallsBack)),
            .. sources.All.SelectMany(FindInServices),
            .. FindInClusters(reports),
        ];
        return new ReadinessReport(
            StatusOf(found),
            SentencesOf(Severity.NotReady),
            SentencesOf(Severity.Outage),
            SentencesOf(Severity.Degraded),
            drain.HasBegun,
            routes,
            last is null ? null : ReloadReport.Of(last),
            sourceReports["etcd"],
            UsedOnly(sourceReports["Kubernetes"]),
            UsedOnly(sourceReports["DNS"]),
            redisReport,
            hubReport,
            reports)
        {
            Found = found,
        };

        string[] SentencesOf(Severity severity) => [.. found.Where(one => one.Finding.Severity == severity).Select(one => one.Sentence)];
    }

    private static string StatusOf(Found[] found) => found.Length == 0 ? "ready" : found.Min(one => one.Finding.Severity) switch
    {
        Severity.NotReady => "not-ready",
        Severity.Outage => "outage",
        _ => Degraded,
    };

    private IEnumerable<Found> FindInGateway(int routes, RedisReport redis, HubReport hub, RouteReload? last) =>
    [
        .. When(drain.HasBegun, Finding.Draining),
        .. When(roles.Value.IsProxy && routes == 0, Finding.NoRoutes),
        .. When(redis.State == Connecting, Finding.RedisNotReached),
        .. When(redis.State == Lost && sessionOptions.Value.Store == SessionStoreKind.Redis, Finding.RedisLost),
        .. When(redis.State != Lost && sessions.IsDown, Finding.SessionsDown),
        .. When(hub.State == Degraded, Finding.HubDegraded),
        .. When(last?.Result == RouteReloadResult.Refused, Finding.RoutesRefused),
        .. When(certificate.Problem is not null, Finding.CertificateRefused, certificate.Problem),
        .. When(certificate.ExpiresSoon, certificate.Expires <= time.GetUtcNow() ? Finding.CertificateExpired : Finding.CertificateExpires, $"{certificate.Expires:u}"),
        .. upstreamCertificates.FindTroubles().Select(trouble => trouble.Problem is null
            ? Finding.UpstreamCertificateExpires.Of(trouble.Clusters, $"{trouble.Expires:u}")
            : Finding.UpstreamCertificateRefused.Of(trouble.Clusters, trouble.Problem)),
    ];

    private static IEnumerable<Found> FindInSources(Dictionary<string, SourceReport> sources, bool needsAll) => sources.SelectMany(source => (Found[])
    [
        // A cluster with a fixed address can be served without any, and so can a canary that has none.
        .. When(source.Value.State == Connecting, needsAll ? Finding.SourceNotRead : Finding.SourceNotReached, source.Key),
        .. When(source.Value.State == Lost, Finding.SourceLost, source.Key),
        .. When(source.Value.HeldInstances > 0, Finding.SourceEmptied, source.Key),
    ]);

    /// <summary>One sentence for each reason: when a source is away, that is the same for all services.</summary>
    private static IEnumerable<Found> FindInServices(IInstanceSource source) => source.Troubles
        .GroupBy(trouble => (trouble.IsLost, trouble.Reason), trouble => trouble.Service)
        .OrderBy(trouble => trouble.Key.Reason, StringComparer.Ordinal)
        .Select(trouble => (trouble.Key.IsLost ? Finding.ServiceLost : Finding.ServiceUnusable).Of(source.Name, Names([.. trouble]), trouble.Key.Reason));

    private static string Names(string[] services)
    {
        var named = string.Join(", ", services.Order(StringComparer.Ordinal).Take(MostServicesNamed).Select(service => $"'{service}'"));
        return services.Length > MostServicesNamed ? $"{named} (and {services.Length - MostServicesNamed} more)" : named;
    }

    private static IEnumerable<Found> FindInClusters(Dictionary<string, ClusterReport> reports) =>
        reports.Count > 1 && reports.Values.All(cluster => cluster.Available == 0)
            ? [Finding.NoDestinationAtAll.Of()]
            : reports.OrderBy(cluster => cluster.Key, StringComparer.Ordinal).SelectMany(cluster => Find(cluster.Key, cluster.Value));

    private static IEnumerable<Found> Find(string cluster, ClusterReport report) =>
    [
        .. When(report.BreakerOpen, Finding.BreakerOpen, cluster),
        .. report switch
        {
            { FallsBack: true } => [Finding.CanaryAway.Of(cluster, report.Words)],
            { Available: 0 } => [Finding.NoDestination.Of(cluster, report.Words)],
            { AllAreUsed: true } => [Finding.MostFail.Of(cluster, report.Words)],
            _ => When(report.Available < report.Destinations, Finding.SomeOut, cluster, report.Available, report.Destinations, report.Words),
        },
    ];

    /// <summary>The clusters that are no route's own.</summary>
    private HashSet<string> Canaries()
    {
        var routes = proxy.GetRoutes().Select(route => route.Config).ToArray();
        var canaries = routes.SelectMany(CanaryRule.Of).Select(rule => rule.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        canaries.ExceptWith(routes.Select(route => route.ClusterId ?? ""));
        return canaries;
    }

    private ClusterReport Report(ClusterState cluster, bool isCanary)
    {
        var all = standings.Of(cluster);
        return new ClusterReport(
            all.Count, Count(StandingKind.Available), Count(StandingKind.Failing), Count(StandingKind.Unreachable), Count(StandingKind.Drained), clusters.Of(cluster).Breaker.IsOpen)
        {
            AllAreUsed = all.Any(one => one.IsSpared),
            FallsBack = isCanary && !all.Any(one => one.IsUsed),
        };

        int Count(StandingKind kind) => all.Count(one => one.Kind == kind);
    }

    private static SourceReport? UsedOnly(SourceReport report) => report.State == Off ? null : report;

    private SourceReport Report(IInstanceSource source)
    {
        var status = source.Registry.Status;
        var state = (status, source.IsUsed) switch
        {
            { IsUsed: false } => Off,
            { status.Connected: true } => Connected,
            { status.Synced: true } => Lost,
            _ => Connecting,
        };
        double? silence = status.LastContact is { } last ? Math.Round((time.GetUtcNow() - last).TotalSeconds, 1) : null;
        return new SourceReport(state, source is EtcdSource ? status.Revision : null, silence, source.Registry.Current.InstanceCount, status.HeldInstances);
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

    private static Found[] When(bool condition, Finding finding, params object?[] about) => condition ? [finding.Of(about!)] : [];
}
