using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>What is kept of each cluster as long as it exists.</summary>
internal sealed class ResilientClusters
{
    private readonly ConditionalWeakTable<ClusterState, ResilientCluster> _clusters = [];

    public ResilientCluster Of(ClusterState cluster)
    {
        var known = _clusters.GetValue(cluster, _ => new ResilientCluster());
        known.Follow(cluster.Model.Config);
        return known;
    }

    /// <summary>Those that have had a request.</summary>
    public IEnumerable<ResilientCluster> All => _clusters.Select(pair => pair.Value);
}
