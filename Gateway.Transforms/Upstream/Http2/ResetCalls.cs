namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// Calls that were reset, until the peer has read that. So long they keep their places: a peer counts a call until it has read the reset, and
/// ends a connection, with the calls of everybody on it, that brings many more than it has allowed (what servers do about CVE-2023-44487).
/// A PING behind the resets tells. Servers of gRPC take pings for abuse between which they have sent nothing of a call, so no second one goes out
/// before that; then time alone frees the places. All members are for holders of the connection's lock, unless said otherwise.
/// </summary>
/// <remarks>Go's client does the same, and found out about gRPC's servers: https://github.com/golang/go/issues/70575.</remarks>
internal struct ResetCalls()
{
    /// <summary>How long a place is kept at most: about as long as a peer may take to read what it is sent.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private long _number;
    private int _asked;
    private int _others;
    private long _since;
    private bool _mayAsk = true;

    /// <summary>Whether <see cref="Hear"/> matters. For the reader of the connection also without the lock.</summary>
    public readonly bool HasToHear => !_mayAsk && _asked == 0;

    /// <param name="now">A timestamp.</param>
    public void Add(long now)
    {
        if (_asked + _others++ == 0)
        {
            _since = now;
        }
    }

    /// <summary>Whether a ping is to go out now.</summary>
    /// <param name="number">What it carries, another number each time: 1 or more.</param>
    public bool TryAsk(out long number)
    {
        number = 0;
        if (!_mayAsk || _asked > 0 || _others == 0)
        {
            return false;
        }

        (_asked, _others, _mayAsk) = (_others, 0, false);
        number = ++_number;
        return true;
    }

    /// <summary>The peer has sent something of a call.</summary>
    public void Hear() => _mayAsk = true;

    /// <summary>A ping is answered: the last one perhaps, or one whose resets time has freed, or that was answered before.</summary>
    /// <returns>How many places are free.</returns>
    public int TakeRead(long number, long now)
    {
        if (_asked == 0 || number != _number)
        {
            return 0;
        }

        _since = now;
        var read = _asked;
        _asked = 0;
        return read;
    }

    /// <summary>How many places are free because the peer has had the time to read all.</summary>
    public int TakeOverdue(TimeProvider time)
    {
        if (_asked + _others == 0 || time.GetElapsedTime(_since) < Longest)
        {
            return 0;
        }

        var overdue = _asked + _others;
        (_asked, _others) = (0, 0);
        return overdue;
    }
}
