using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Resilience;

/// <summary>The settings of one cluster that are in force.</summary>
internal sealed class ResilientCluster
{
    private ClusterConfig? _config;
    private volatile ResilienceSettings _settings = ResilienceSettings.Of(new ClusterConfig());

    public ResilienceSettings Settings => _settings;

    /// <summary>Takes changed settings over. Instances that come and go change the configuration too, and leave them as they are.</summary>
    public void Follow(ClusterConfig config)
    {
        if (!ReferenceEquals(_config, config))
        {
            _config = config;
            _settings = ResilienceSettings.Of(config);
        }
    }
}
