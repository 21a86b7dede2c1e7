using System.Net.Security;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tls;

/// <summary>
/// The certificate that new connections are shown. A changed pair of files takes its place; connections that are open keep the one they began with.
/// </summary>
internal sealed partial class ServerCertificate
{
    private readonly FollowedFiles<SslStreamCertificateContext> _files;
    private readonly ExpiryReminder _reminder;
    private readonly TlsMetrics _metrics;
    private readonly ILogger<ServerCertificate> _logger;

    public ServerCertificate(IOptions<TlsOptions> options, TlsMetrics metrics, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        var files = options.Value.Files;
        _files = new FollowedFiles<SslStreamCertificateContext>(files.ReadText, files.LoadContext, files.Describe);
        _reminder = new ExpiryReminder(time);
        (_metrics, _logger) = (metrics, logger);
    }

    /// <summary>Why the files are not those in use; null when all is well.</summary>
    public string? Problem => _files.Problem;

    /// <summary>When the certificate in use expires; null without TLS.</summary>
    public DateTimeOffset? Expires => _files.Value?.TargetCertificate.NotAfter.ToUniversalTime();

    /// <summary>True when the certificate has expired, or will within two weeks.</summary>
    public bool ExpiresSoon => _reminder.IsSoon(Expires);

    /// <summary>What a new connection is shown.</summary>
    public SslStreamCertificateContext Context => _files.Value ?? throw new InvalidOperationException("The certificate has not been loaded.");

    /// <summary>Loads the first certificate. The validation of the options has seen that it can be.</summary>
    public void Start()
    {
        _files.Load();
        _metrics.Follow(this);
    }

    /// <summary>Looks once whether the files have changed, and whether the certificate is about to expire.</summary>
    public void Check()
    {
        switch (_files.Check())
        {
            case FileChange.Applied:
                _metrics.Count(applied: true);
                Log.Replaced(_logger, Context.TargetCertificate.Subject, Expires!.Value);
                break;
            case FileChange.Refused:
                _metrics.Count(applied: false);
                Log.Refused(_logger, Problem!, Expires!.Value);
                break;
        }

        if (_reminder.IsDue(Expires))
        {
            Log.Expires(_logger, Context.TargetCertificate.Subject, Expires!.Value);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1320, LogLevel.Information, "New connections are shown the changed certificate of {Subject}, which expires at {Expires:u}.", EventName = "CertificateReplaced")]
        public static partial void Replaced(ILogger logger, string subject, DateTimeOffset expires);

        [LoggerMessage(1321, LogLevel.Warning, "Changed certificate files were refused: {Problem}. The certificate from before stays in use; it expires at {Expires:u}.", EventName = "CertificateRefused")]
        public static partial void Refused(ILogger logger, string problem, DateTimeOffset expires);

        [LoggerMessage(1322, LogLevel.Warning, "The certificate of {Subject} expires at {Expires:u}.", EventName = "CertificateExpires")]
        public static partial void Expires(ILogger logger, string subject, DateTimeOffset expires);
    }
}
