using System.Diagnostics.Metrics;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Operations;

/// <summary>The state of the gateway as numbers, read when somebody asks.</summary>
internal sealed class GatewayMetrics
{
    public GatewayMetrics(IMeterFactory meters, Readiness readiness, ServiceRegistry registry, RedisConnection redis)
    {
        var meter = meters.Create(GatewayMeter.Name);
        meter.CreateObservableGauge("gateway.ready", () => readiness.Report().IsReady ? 1 : 0, null, "1 when requests should be sent here, else 0.");
        meter.CreateObservableGauge("gateway.routes", () => readiness.Report().Routes, "{route}", "Routes in force.");
        meter.CreateObservableGauge("gateway.destinations", () => Destinations(readiness.Report()), "{destination}", "Destinations, by cluster and whether they get requests.");
        meter.CreateObservableGauge("gateway.etcd.connected", () => registry.Status.Connected ? 1 : 0, null, "1 while etcd is followed, else 0.");
        meter.CreateObservableGauge("gateway.etcd.revision", () => registry.Status.Revision, null, "The newest etcd revision known; compare it between gateways.");
        meter.CreateObservableGauge("gateway.etcd.silence", () => Silence(readiness.Report()), "s", "Since etcd last said anything.");
        meter.CreateObservableGauge("gateway.etcd.instances", () => Instances(registry.Current), "{instance}", "Registered instances in use, by service.");
        meter.CreateObservableGauge("gateway.etcd.held_instances", () => registry.Status.HeldInstances, "{instance}", "Vanished instances that stay in use because etcd seems to have lost its data.");
        meter.CreateObservableGauge("gateway.redis.connected", () => redis.IsConnected ? 1 : 0, null, "1 while commands can be sent to Redis, else 0.");
    }

    private static IEnumerable<Measurement<int>> Destinations(ReadinessReport report) => report.Clusters.SelectMany(cluster => new[]
    {
        new Measurement<int>(cluster.Value.Available, new("cluster", cluster.Key), new("state", "available")),
        new Measurement<int>(cluster.Value.Destinations - cluster.Value.Available, new("cluster", cluster.Key), new("state", "unavailable")),
    });

    private static IEnumerable<Measurement<double>> Silence(ReadinessReport report) =>
        report.Etcd.SecondsSinceContact is { } seconds ? [new Measurement<double>(seconds)] : [];

    private static IEnumerable<Measurement<int>> Instances(RegistrySnapshot snapshot) =>
        snapshot.Services.Select(service => new Measurement<int>(snapshot.Instances(service).Count, new KeyValuePair<string, object?>("service", service)));
}
