using System.Net.Security;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tls;

/// <summary>
/// The certificate that new connections are shown. A changed pair of files takes its place; connections that are open keep the one they began with.
/// </summary>
internal sealed partial class ServerCertificate(IOptions<TlsOptions> options, TlsMetrics metrics, TimeProvider time, ILogger<ServerCertificate> logger)
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan Reminder = TimeSpan.FromDays(1);

    private readonly CertificateFiles _files = options.Value.Files;
    private SslStreamCertificateContext? _context;
    private string _text = "";
    private string _broken = "";
    private DateTimeOffset? _reminded;

    /// <summary>Why the files are not those in use; null when all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>When the certificate in use expires; null without TLS.</summary>
    public DateTimeOffset? Expires => Volatile.Read(ref _context)?.TargetCertificate.NotAfter.ToUniversalTime();

    /// <summary>True when the certificate has expired, or will within two weeks.</summary>
    public bool ExpiresSoon => Expires - time.GetUtcNow() < Soon;

    /// <summary>What a new connection is shown.</summary>
    public SslStreamCertificateContext Context => Volatile.Read(ref _context) ?? throw new InvalidOperationException("The certificate has not been loaded.");

    /// <summary>Loads the first certificate. The validation of the options has seen that it can be.</summary>
    public void Start()
    {
        Use(_files.ReadText());
        metrics.Follow(this);
    }

    /// <summary>Looks once whether the files have changed, and whether the certificate is about to expire.</summary>
    public void Check()
    {
        var text = "";
        try
        {
            text = _files.ReadText();
            if (text != _text)
            {
                Use(text);
                metrics.Count(applied: true);
                Log.Replaced(logger, Context.TargetCertificate.Subject, Expires!.Value);
            }

            (Problem, _broken) = (null, "");
        }
        catch (Exception exception)
        {
            // Whatever it is, it must not end the watch over the files: a kind of key that this machine does not know, for example.
            Refuse(text, exception);
        }

        Remind();
    }

    private void Use(string text)
    {
        var loaded = _files.Load();
        // Offline: what a client needs stands in the file, and no issuer is asked over the network.
        Volatile.Write(ref _context, SslStreamCertificateContext.Create(loaded[0], [.. loaded.Skip(1)], offline: true));
        _text = text;
    }

    /// <summary>A certificate and its key may be written one after the other, so a mistake is believed when it is still there at the next look.</summary>
    private void Refuse(string text, Exception exception)
    {
        var broken = text + exception.Message;
        if (broken == _broken && Problem is null)
        {
            Problem = _files.Describe(exception);
            metrics.Count(applied: false);
            Log.Refused(logger, Problem, Expires!.Value);
        }
        else if (broken != _broken)
        {
            _broken = broken;
            Problem = null;
        }
    }

    private void Remind()
    {
        var now = time.GetUtcNow();
        if (ExpiresSoon && !(now - _reminded < Reminder))
        {
            _reminded = now;
            Log.Expires(logger, Context.TargetCertificate.Subject, Expires!.Value);
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
