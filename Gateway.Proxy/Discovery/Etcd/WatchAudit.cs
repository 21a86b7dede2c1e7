using Etcdserverpb;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Notices a watch that is open but delivers nothing: from time to time everything is read beside it. A difference alone
/// proves nothing, the watch may just be about to deliver it; the same difference in two reads does.
/// </summary>
internal sealed class WatchAudit
{
    private readonly RegistryMirror _mirror;
    private readonly EtcdOptions _options;
    private readonly MonotonicClock _clock;
    private readonly Random _random;
    private HashSet<KeyDifference> _suspects = [];

    public WatchAudit(RegistryMirror mirror, EtcdOptions options, MonotonicClock clock, Random random)
    {
        _mirror = mirror;
        _options = options;
        _clock = clock;
        _random = random;
        Due = NextDue();
    }

    /// <summary>When to read everything again.</summary>
    public TimeSpan Due { get; private set; }

    /// <summary>Compares a full read with what the watch has delivered.</summary>
    /// <returns>Why the watch cannot be trusted; null when it can.</returns>
    public string? Judge(RangeResponse all)
    {
        if (_mirror.FindBreak(all.Header) is { } problem)
        {
            return problem;
        }

        var differences = _mirror.Differences(all);
        if (_suspects.Overlaps(differences))
        {
            return "its watch no longer delivers changes";
        }

        _suspects = differences;
        Due = NextDue();
        return null;
    }

    private TimeSpan NextDue()
    {
        if (_suspects.Count > 0)
        {
            return _clock.Now + _options.RequestTimeout;
        }

        var regular = _clock.Now + _options.ResyncInterval * (0.9 + _random.NextDouble() / 5);
        // Before held instances are let go, etcd gets a last chance to tell of them.
        return _mirror.NextHoldDeadline is { } hold && hold > _clock.Now && hold < regular ? hold : regular;
    }
}
