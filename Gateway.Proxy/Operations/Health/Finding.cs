using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Proxy.Operations.Health;

/// <summary>How bad a finding is.</summary>
internal enum Severity
{
    /// <summary>No requests should be sent here.</summary>
    NotReady,

    /// <summary>Requests may be sent here, and users notice that something does not work.</summary>
    Outage,

    /// <summary>Something is wrong, and all works that users ask for.</summary>
    Degraded,
}

/// <summary>Something that can be wrong with a gateway, and the sentence for it. /readyz, page, log and runbook have no other.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Sentence">What is wrong, and what users notice of it, with places for what differs.</param>
internal sealed partial record Finding(Severity Severity, string Sentence)
{
    public static Finding Draining { get; } = new(Severity.NotReady, "draining: the gateway was told to stop");

    public static Finding NoRoutes { get; } = new(Severity.NotReady, "no routes are loaded");

    public static Finding SourceNotRead { get; } = new(Severity.NotReady, "the instances have not been read from {0} yet");

    public static Finding RedisNotReached { get; } = new(Severity.NotReady, "Redis has not been reached yet");

    public static Finding RedisLost { get; } = new(Severity.Outage, "contact with Redis is lost: calls that need a session are refused, and only registration and login work");

    public static Finding SessionsDown { get; } = new(Severity.Outage, "sessions cannot be looked up in time: calls that need a session are refused, and only registration and login work");

    public static Finding NoDestinationAtAll { get; } = new(Severity.Outage, "no cluster has an available destination: all calls fail");

    public static Finding NoDestination { get; } = new(Severity.Outage, "cluster '{0}' has no available destination ({1}): all its calls fail");

    public static Finding BreakerOpen { get; } = new(Severity.Outage, "nearly all calls of cluster '{0}' fail; it is left alone for a moment, and its calls are refused");

    public static Finding CertificateExpired { get; } = new(Severity.Outage, "the certificate for TLS has expired at {0}: clients refuse to connect");

    public static Finding MostFail { get; } = new(Severity.Degraded, "most destinations of cluster '{0}' fail ({1}), so all are used");

    public static Finding SomeOut { get; } = new(Severity.Degraded, "cluster '{0}' has {1} of {2} destinations available ({3}); they get its calls");

    public static Finding CanaryAway { get; } = new(Severity.Degraded, "cluster '{0}', a canary, has no destination to give calls to ({1}); the routes' own clusters get them");

    public static Finding SourceNotReached { get; } = new(Severity.Degraded, "{0} has not been reached yet; only other addresses are used");

    public static Finding SourceLost { get; } = new(Severity.Degraded, "contact with {0} is lost; the last known instances stay in use");

    public static Finding ServiceLost { get; } = new(Severity.Degraded, "{0} does not say where {1} is: {2}");

    public static Finding ServiceUnusable { get; } = new(Severity.Degraded, "instances of {1} in {0} cannot be used: {2}");

    public static Finding SourceEmptied { get; } = new(Severity.Degraded, "instances have vanished from {0} all at once; they stay in use for a while");

    public static Finding HubDegraded { get; } = new(Severity.Degraded, "the hub has no contact with the other gateways; events reach the sockets of this one");

    public static Finding RoutesRefused { get; } = new(Severity.Degraded, "the last change of the routes was refused; those from before it stay in use");

    public static Finding CertificateRefused { get; } = new(Severity.Degraded, "{0}; the certificate from before stays in use");

    public static Finding CertificateExpires { get; } = new(Severity.Degraded, "the certificate for TLS expires at {0}");

    public static Finding UpstreamCertificateRefused { get; } = new(Severity.Degraded, "towards {0} {1}; what was there before stays in use");

    public static Finding UpstreamCertificateExpires { get; } = new(Severity.Degraded, "the certificate that the gateway shows to {0} expires at {1}");

    public static IReadOnlyList<Finding> All { get; } =
    [
        Draining, NoRoutes, SourceNotRead, RedisNotReached,
        RedisLost, SessionsDown, NoDestinationAtAll, NoDestination, BreakerOpen, CertificateExpired,
        MostFail, SomeOut, CanaryAway, SourceNotReached, SourceLost, ServiceLost, ServiceUnusable, SourceEmptied, HubDegraded, RoutesRefused, CertificateRefused, CertificateExpires,
        UpstreamCertificateRefused, UpstreamCertificateExpires,
    ];

    /// <summary>The sentence as the runbook has it: with dots for what differs.</summary>
    public string InRunbook => Place().Replace(Sentence, "…");

    /// <summary>The sentence of one case.</summary>
    /// <param name="about">What differs. The first is what the case is about, and stays as long as the case lasts.</param>
    public Found Of(params object[] about) =>
        new(this, $"{about.FirstOrDefault()}", string.Format(CultureInfo.InvariantCulture, Sentence, about));

    [GeneratedRegex(@"\{[0-9]\}")]
    private static partial Regex Place();
}

/// <param name="Finding">What is wrong.</param>
/// <param name="About">What it is wrong with; empty for the gateway.</param>
/// <param name="Sentence">The same for people.</param>
internal sealed record Found(Finding Finding, string About, string Sentence);
