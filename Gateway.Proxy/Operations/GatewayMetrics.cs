using System.Diagnostics.Metrics;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Operations;

/// <summary>The state of the gateway as numbers, read when somebody asks.</summary>
internal sealed class GatewayMetrics
{
    private readonly TimeProvider _time;

    public GatewayMetrics(IMeterFactory meters, Readiness readiness, InstanceSources sources, RedisConnection redis, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(GatewayMeter.Name);
        meter.CreateObservableGauge("gateway.ready", () => readiness.Report().IsReady ? 1 : 0, null, "1 when requests should be sent here, else 0.");
        meter.CreateObservableGauge("gateway.routes", () => readiness.Report().Routes, "{route}", "Routes in force.");
        meter.CreateObservableGauge("gateway.destinations", () => Destinations(readiness.Report()), "{destination}", "Destinations, by cluster and state.");
        foreach (var source in sources.All)
        {
            Follow(meter, source);
        }

        var etcd = sources.All.OfType<EtcdSource>().Single();
        meter.CreateObservableGauge<long>("gateway.etcd.revision", () => etcd.IsUsed ? [new(etcd.Registry.Status.Revision)] : [], null, "The newest etcd revision known; compare it between gateways.");
        meter.CreateObservableGauge<int>("gateway.redis.connected", () => redis.IsUsed ? [new(redis.IsConnected ? 1 : 0)] : [], null, "1 while commands can be sent to Redis, else 0.");
    }

    private static IEnumerable<Measurement<int>> Destinations(ReadinessReport report) => report.Clusters.SelectMany(cluster => new[]
    {
        new Measurement<int>(cluster.Value.Available, new("cluster", cluster.Key), new("state", "available")),
        new Measurement<int>(cluster.Value.Failing, new("cluster", cluster.Key), new("state", "failing")),
        new Measurement<int>(cluster.Value.Unreachable, new("cluster", cluster.Key), new("state", "unreachable")),
        new Measurement<int>(cluster.Value.Drained, new("cluster", cluster.Key), new("state", "drained")),
    });

    /// <summary>A source that is not used has no numbers: a 0 would be an alarm for ever.</summary>
    private void Follow(Meter meter, IInstanceSource source)
    {
        var (name, registry) = (source.Name.ToLowerInvariant(), source.Registry);
        meter.CreateObservableGauge<int>($"gateway.{name}.connected", () => source.IsUsed ? [new(registry.Status.Connected ? 1 : 0)] : [], null, $"1 while {source.Name} is followed, else 0.");
        meter.CreateObservableGauge<double>($"gateway.{name}.silence", () => registry.Status.LastContact is { } last ? [new((_time.GetUtcNow() - last).TotalSeconds)] : [], "s", $"Since {source.Name} last said anything.");
        meter.CreateObservableGauge($"gateway.{name}.instances", () => Instances(registry.Current), "{instance}", "Instances in use that it has named, by service.");
        meter.CreateObservableGauge<int>(
            $"gateway.{name}.held_instances", () => source.IsUsed ? [new(registry.Status.HeldInstances)] : [], "{instance}", $"Instances that have vanished from {source.Name} all at once, and stay in use for a while.");
    }

    private static IEnumerable<Measurement<int>> Instances(RegistrySnapshot snapshot) =>
        snapshot.Services.Select(service => new Measurement<int>(snapshot.Instances(service).Count, new KeyValuePair<string, object?>("service", service)));
}
