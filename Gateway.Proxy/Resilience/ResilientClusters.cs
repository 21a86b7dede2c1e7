using System.Runtime.CompilerServices;
using Gateway.Proxy.Resilience.Breaker;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>What is kept of each cluster as long as it exists.</summary>
internal sealed class ResilientClusters(TimeProvider time, ILogger<ClusterBreaker> logger)
{
    private readonly ConditionalWeakTable<ClusterState, ResilientCluster> _clusters = [];

    /// <summary>Those that have been asked for.</summary>
    public IEnumerable<ResilientCluster> All => _clusters.Select(pair => pair.Value);

    public ResilientCluster Of(ClusterState cluster)
    {
        if (!_clusters.TryGetValue(cluster, out var known))
        {
            known = _clusters.GetValue(cluster, added => new ResilientCluster(added.ClusterId, time, logger));
        }

        known.Follow(cluster.Model.Config);
        return known;
    }
}

/// <summary>What is kept of one cluster: its settings, its breaker and its retry budget.</summary>
internal sealed class ResilientCluster
{
    private readonly string _id;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile ClusterConfig? _config;
    private volatile Parts _parts;

    public ResilientCluster(string id, TimeProvider time, ILogger logger)
    {
        _id = id;
        _time = time;
        _logger = logger;
        Budget = new RetryBudget(time);
        _parts = Make(ResilienceSettings.Of(new ClusterConfig()));
    }

    public string Id => _id;

    public RetryBudget Budget { get; }

    public ResilienceSettings Settings => _parts.Settings;

    public ClusterBreaker Breaker => _parts.Breaker;

    /// <summary>Takes changed settings over. Instances that come and go change the configuration as well, and leave the breaker as it is.</summary>
    public void Follow(ClusterConfig config)
    {
        if (ReferenceEquals(_config, config))
        {
            return;
        }

        lock (_lock)
        {
            var settings = ResilienceSettings.Of(config);
            if (settings != Settings)
            {
                _parts = Make(settings);
            }

            _config = config;
        }
    }

    private Parts Make(ResilienceSettings settings) => new(settings, new ClusterBreaker(_id, settings, _time, _logger));

    private sealed record Parts(ResilienceSettings Settings, ClusterBreaker Breaker);
}
