using Gateway.Proxy.Discovery.Dns;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Discovery.Kubernetes;
using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>What a cluster has to be beyond what YARP checks.</summary>
internal static class ClusterRules
{
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        if (!RpcClusters.IsProtocolKnown(cluster, out var protocol))
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata 'Protocol' is '{protocol}'; use 'grpc', 'brpc' or 'http'.";
        }

        if (cluster.Destinations is not { Count: > 0 })
        {
            yield return $"Cluster '{cluster.ClusterId}' has no destinations; give at least one with an 'Address'.";
        }

        var tls = UpstreamTls.Of(cluster.Metadata);
        foreach (var error in ClientTls.Of(tls.AuthorityFile, tls.CertificateFile, tls.KeyFile).FindErrors($"Cluster '{cluster.ClusterId}'", tls.KeyFile, ": metadata "))
        {
            yield return error;
        }

        foreach (var (name, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>())
        {
            if (!IsAddress(destination.Address))
            {
                yield return $"Cluster '{cluster.ClusterId}': destination '{name}' has the address '{Secrets.HideIn(destination.Address ?? "")}'; "
                    + "use 'http://host:port', 'https://host:port', 'etcd:///service/name', 'k8s://service.namespace:port', 'dns://name:port' or 'dns+srv://name'.";
            }
        }
    }

    /// <summary>A fixed address, or one that its source looks closer at. User and password would be sent to nobody, and be shown to whoever looks at the clusters.</summary>
    private static bool IsAddress(string? address) =>
        EtcdAddress.IsEtcd(address) || KubernetesAddress.IsKubernetes(address) || DnsAddress.IsDns(address)
        || (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "" });
}
