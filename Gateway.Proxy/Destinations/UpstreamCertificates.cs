using System.Collections.Concurrent;
using System.Net.Security;
using Gateway.Proxy.Tls;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Destinations;

/// <summary>
/// The certificates of clusters whose instances speak TLS. Changed files are taken over: new connections begin with them, those that are open
/// keep what they began with. Clusters that name the same files share them.
/// </summary>
/// <param name="proxy">The clusters as YARP has them. Lazy, because YARP's state in turn needs the clients of clusters, and those this.</param>
/// <param name="metrics">Counts changes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of changes.</param>
internal sealed partial class UpstreamCertificates(
    Lazy<IProxyStateLookup> proxy, UpstreamTlsMetrics metrics, TimeProvider time, ILogger<UpstreamCertificates> logger) : IUpstreamCertificates
{
    private readonly ConcurrentDictionary<ClientTls, Followed> _files = new();

    public SslClientAuthenticationOptions Open(UpstreamTls tls) =>
        Of(FilesOf(tls)).Files.Load().Open(tls.ServerName.Length > 0 ? tls.ServerName : null);

    /// <summary>Looks once whether files have changed, and whether a certificate is about to expire.</summary>
    public void Check()
    {
        var used = FindUsed().ToLookup(cluster => cluster.Files, cluster => cluster.Id);
        foreach (var files in _files.Keys.Where(files => !used.Contains(files)).ToArray())
        {
            _files.TryRemove(files, out _);
        }

        foreach (var clusters in used)
        {
            Check(Of(clusters.Key), string.Join(", ", clusters));
        }

        metrics.Show(used.SelectMany(clusters => clusters.Select(cluster => (cluster, Of(clusters.Key).Files.Value?.Expires))));
    }

    /// <summary>What an operator should see of a cluster; null where no instance is spoken to over TLS.</summary>
    public UpstreamTlsReport? Report(ClusterState cluster)
    {
        var tls = UpstreamTls.Of(cluster.Model.Config.Metadata);
        if (!tls.IsSet && !cluster.DestinationsState.AllDestinations.Any(IsSecure))
        {
            return null;
        }

        var files = _files.GetValueOrDefault(FilesOf(tls))?.Files;
        return new(tls.ServerName.Length > 0 ? tls.ServerName : null, files?.Value?.Own?.TargetCertificate.Subject, files?.Value?.Expires, files?.Problem);
    }

    /// <summary>What is wrong with which clusters' files, or when their certificate expires, which is soon.</summary>
    public IEnumerable<(string Clusters, string? Problem, DateTimeOffset? Expires)> FindTroubles()
    {
        foreach (var clusters in FindUsed().GroupBy(cluster => cluster.Files, cluster => cluster.Id))
        {
            if (!_files.TryGetValue(clusters.Key, out var followed))
            {
                continue;
            }

            var names = string.Join(", ", clusters);
            if (followed.Files.Problem is { } problem)
            {
                yield return (names, problem, null);
            }

            if (followed.Files.Value?.Expires is { } expires && followed.Reminder.IsSoon(expires))
            {
                yield return (names, null, expires);
            }
        }
    }

    private static bool IsSecure(DestinationState destination) => destination.Model.Config.Address.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    private static ClientTls FilesOf(UpstreamTls tls) => ClientTls.Of(tls.AuthorityFile, tls.CertificateFile, tls.KeyFile);

    private IEnumerable<(string Id, ClientTls Files)> FindUsed() =>
        from cluster in proxy.Value.GetClusters()
        let files = FilesOf(UpstreamTls.Of(cluster.Model.Config.Metadata))
        where files.IsSet
        orderby cluster.ClusterId
        select (cluster.ClusterId, files);

    private void Check(Followed followed, string clusters)
    {
        var isFirst = followed.Files is { Value: null, Problem: null };
        var change = followed.Files.Check();
        var certificate = followed.Files.Value;
        if (change == FileChange.Refused)
        {
            metrics.Count(applied: false);
            Log.Refused(logger, clusters, followed.Files.Problem!);
        }
        else if (change == FileChange.Applied && !isFirst)
        {
            metrics.Count(applied: true);
            Log.Replaced(logger, clusters, certificate?.Expires);
        }

        if (followed.Reminder.IsDue(certificate?.Expires))
        {
            Log.Expires(logger, certificate!.Own!.TargetCertificate.Subject, clusters, certificate.Expires!.Value);
        }
    }

    private Followed Of(ClientTls files) =>
        _files.GetOrAdd(files, static (files, time) => new(new(files.ReadText, files.Load, files.Describe), new(time)), time);

    private sealed record Followed(FollowedFiles<ClientCertificates> Files, ExpiryReminder Reminder);

    private static partial class Log
    {
        [LoggerMessage(1323, LogLevel.Information, "New connections to {Clusters} begin with the changed certificate files; the gateway's own certificate expires at {Expires:u}.", EventName = "UpstreamCertificateReplaced")]
        public static partial void Replaced(ILogger logger, string clusters, DateTimeOffset? expires);

        [LoggerMessage(1324, LogLevel.Warning, "Changed certificate files of {Clusters} were refused: {Problem}. What was there before stays in use.", EventName = "UpstreamCertificateRefused")]
        public static partial void Refused(ILogger logger, string clusters, string problem);

        [LoggerMessage(1325, LogLevel.Warning, "The certificate of {Subject}, which the gateway shows to {Clusters}, expires at {Expires:u}.", EventName = "UpstreamCertificateExpires")]
        public static partial void Expires(ILogger logger, string subject, string clusters, DateTimeOffset expires);
    }
}

/// <summary>How a cluster's instances are spoken to over TLS.</summary>
/// <param name="ServerName">The name that their certificates have to hold; null for the host of each address.</param>
/// <param name="Certificate">Whose certificate the gateway shows; null for none.</param>
/// <param name="CertificateExpires">When that expires.</param>
/// <param name="Problem">Why changed files are not in use; null when all is well.</param>
internal sealed record UpstreamTlsReport(string? ServerName, string? Certificate, DateTimeOffset? CertificateExpires, string? Problem);
