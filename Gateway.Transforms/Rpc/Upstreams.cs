using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Brpc;
using Gateway.Transforms.Upstream.Http2;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>All instances that RPCs are sent to, with their connections. They come and go with YARP's destinations.</summary>
internal sealed class Upstreams : IClusterChangeListener, IDisposable
{
    public const string MeterName = "Gateway.Transforms.Upstream";

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly ConditionalWeakTable<DestinationState, Entry> _entries = [];
    private readonly Lock _lock = new();
    private readonly List<(string Cluster, string Address, UpstreamInstance Instance)> _instances = [];
    private readonly Dialer _dialer;
    private readonly Reachability _reachability;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public Upstreams(Dialer dialer, Reachability reachability, TimeProvider time, IMeterFactory meters)
    {
        _dialer = dialer;
        _reachability = reachability;
        _time = time;
        _timer = time.CreateTimer(static upstreams => ((Upstreams)upstreams!).Tick(), this, TickInterval, TickInterval);
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("gateway.upstream.connections", () => Measure(pool => pool.Connections), "{connection}", "Connections for RPCs to an instance.");
        meter.CreateObservableCounter("gateway.upstream.connects.failed", () => Measure(pool => pool.FailedConnects), "{connect}", "Tries to connect to an instance that failed.");
    }

    /// <summary>The instance that a destination stands for.</summary>
    public UpstreamInstance Of(ClusterModel cluster, DestinationState destination, RpcProtocol protocol)
    {
        var entry = _entries.GetOrCreateValue(destination);
        return entry.Served is { } served && served.Cluster == cluster && served.Destination == destination.Model
            ? served.Instance
            : Follow(entry, cluster, destination, protocol);
    }

    public void OnClusterAdded(ClusterState cluster)
    {
    }

    public void OnClusterChanged(ClusterState cluster)
    {
        var destinations = cluster.DestinationsState.AllDestinations;
        foreach (var (destination, entry) in _entries)
        {
            if (entry.IsOf(cluster.ClusterId) && !destinations.Contains(destination))
            {
                Retire(entry);
            }
        }
    }

    public void OnClusterRemoved(ClusterState cluster)
    {
        foreach (var (_, entry) in _entries)
        {
            if (entry.IsOf(cluster.ClusterId))
            {
                Retire(entry);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        UpstreamInstance[] instances;
        lock (_lock)
        {
            instances = [.. _instances.Select(known => known.Instance)];
            _instances.Clear();
        }

        foreach (var pool in instances.SelectMany(instance => instance.Pools))
        {
            pool.Retire();
        }
    }

    /// <summary>The settings may have changed. Where they have, calls go out on new connections, and the old ones end with their last call.</summary>
    private UpstreamInstance Follow(Entry entry, ClusterModel cluster, DestinationState state, RpcProtocol protocol)
    {
        var destination = state.Model;
        lock (_lock)
        {
            var settings = UpstreamSettings.Of(cluster.Config.Metadata, cluster.Config.HttpClient);
            var known = entry.Served;
            var instance = known?.Instance;
            if (known is null || known.Settings != settings || known.Protocol != protocol || known.Destination.Config.Address != destination.Config.Address)
            {
                Retire(entry);
                var address = new Uri(destination.Config.Address);
                instance = protocol == RpcProtocol.Brpc ? new BrpcInstance(address, settings, _dialer, _time) : new GrpcInstance(address, settings, _dialer, _time);
                _reachability.Follow(state, instance);
                _instances.Add((cluster.Config.ClusterId, destination.Config.Address, instance));
            }

            entry.Served = new Served(cluster, destination, protocol, settings, instance!);
            return instance!;
        }
    }

    private void Retire(Entry entry)
    {
        lock (_lock)
        {
            foreach (var pool in entry.Served?.Instance.Pools ?? [])
            {
                pool.Retire();
            }
        }
    }

    private void Tick()
    {
        UpstreamPool[] pools;
        lock (_lock)
        {
            _instances.RemoveAll(known => known.Instance.Pools.All(pool => pool.IsOver));
            pools = [.. _instances.SelectMany(known => known.Instance.Pools)];
        }

        foreach (var pool in pools)
        {
            pool.Tick();
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<UpstreamPool, long> number)
    {
        lock (_lock)
        {
            return [.. _instances.Select(known => new Measurement<long>(known.Instance.Pools.Sum(number), new("cluster", known.Cluster), new("destination", known.Address)))];
        }
    }

    /// <summary>What a destination stood for when it was asked for last.</summary>
    private sealed record Served(ClusterModel Cluster, DestinationModel Destination, RpcProtocol Protocol, UpstreamSettings Settings, UpstreamInstance Instance);

    private sealed class Entry
    {
        public Served? Served { get; set; }

        public bool IsOf(string cluster) => string.Equals(Served?.Cluster.Config.ClusterId, cluster, StringComparison.OrdinalIgnoreCase);
    }
}
