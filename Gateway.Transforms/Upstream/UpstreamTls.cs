using System.Net.Security;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Upstream;

/// <summary>How the gateway knows the instances of a cluster over TLS, and shows itself to them: metadata of the cluster.</summary>
/// <param name="AuthorityFile">PEM certificates of those who may have issued the instances'; empty: those the machine trusts.</param>
/// <param name="CertificateFile">The gateway's own certificate, as PEM; empty for none.</param>
/// <param name="KeyFile">The key of that; empty when it stands in the same file.</param>
/// <param name="ServerName">The name that is asked for and that an instance's certificate has to hold; empty: the host of its address.</param>
public sealed record UpstreamTls(string AuthorityFile, string CertificateFile, string KeyFile, string ServerName)
{
    private const string SchemeKey = "Scheme";
    private const string AuthorityKey = "CertificateAuthorityFile";
    private const string CertificateKey = "CertificateFile";
    private const string KeyKey = "KeyFile";
    private const string ServerNameKey = "ServerName";

    public static UpstreamTls None { get; } = new("", "", "", "");

    /// <summary>The cluster says something of TLS.</summary>
    public bool IsSet => this != None;

    public static UpstreamTls Of(IReadOnlyDictionary<string, string>? metadata) =>
        metadata is null ? None : new(Text(metadata, AuthorityKey), Text(metadata, CertificateKey), Text(metadata, KeyKey), Text(metadata, ServerNameKey));

    /// <summary>How instances are spoken to whose registrations do not say it, <c>http</c> or <c>https</c>; null where the metadata do not say it either.</summary>
    public static string? SchemeOf(IReadOnlyDictionary<string, string>? metadata) => metadata?.GetValueOrDefault(SchemeKey)?.ToLowerInvariant();

    /// <summary>Metadata of a destination that say the same of its scheme as those of its cluster: whoever finds instances sees no more than destinations.</summary>
    public static IReadOnlyDictionary<string, string> WithScheme(IReadOnlyDictionary<string, string>? metadata, string scheme) =>
        new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase) { [SchemeKey] = scheme };

    /// <summary>A sentence for each setting that contradicts another, or is written wrongly. What the files hold is not looked at.</summary>
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var scheme = SchemeOf(cluster.Metadata);
        if (scheme is not (null or "http" or "https"))
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata '{SchemeKey}' is '{scheme}'; use 'http' or 'https', or leave it out.";
        }

        var tls = Of(cluster.Metadata);
        if (!tls.IsSet)
        {
            yield break;
        }

        if (tls.ServerName.Length > 0 && Uri.CheckHostName(tls.ServerName) == UriHostNameType.Unknown)
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata '{ServerNameKey}' is '{tls.ServerName}'; use the name in the instances' certificate, as 'user.internal', without scheme and port.";
        }

        if (cluster.HttpClient?.WebProxy is not null)
        {
            yield return $"Cluster '{cluster.ClusterId}' has HttpClient:WebProxy beside settings for TLS, which do not hold through a proxy; leave one of them out.";
        }

        foreach (var (name, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>())
        {
            if (destination.Address?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true)
            {
                yield return $"Cluster '{cluster.ClusterId}': destination '{name}' has the address '{destination.Address}', but the cluster has settings for TLS; write 'https://', or leave them out.";
            }
            else if (scheme != "https" && destination.Address?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == false)
            {
                yield return $"Cluster '{cluster.ClusterId}' has settings for TLS, but instances of '{destination.Address}' that do not say 'https://' would be spoken to without; add the metadata '{SchemeKey}': 'https', or leave them out.";
            }
        }
    }

    private static string Text(IReadOnlyDictionary<string, string> metadata, string key) => metadata.GetValueOrDefault(key) ?? "";
}

/// <summary>What the files of <see cref="UpstreamTls"/> hold. The host keeps them, and follows their changes.</summary>
public interface IUpstreamCertificates
{
    /// <summary>Options for one connection, which the caller completes. Without a name of the server if none is set.</summary>
    /// <exception cref="IOException">A file cannot be read, and never could.</exception>
    SslClientAuthenticationOptions Open(UpstreamTls tls);
}
