using System.Runtime.CompilerServices;
using Gateway.Proxy.Resilience.Breaker;
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
