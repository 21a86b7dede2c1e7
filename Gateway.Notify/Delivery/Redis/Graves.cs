namespace Gateway.Notify.Delivery.Redis;

/// <summary>The nodes that are silent in one bucket, and those that are being buried by this one.</summary>
internal sealed class Graves(TimeSpan nodeTimeout, TimeProvider time)
{
    private const int BeatsToBeSure = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string LastBeat, int Times)> _silent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _dead = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _open = new(StringComparer.Ordinal);
    private long? _watchingSince;
    private long _lastLook;

    /// <summary>Nodes to be taken on, with their last beat.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> TakeDead()
    {
        lock (_lock)
        {
            KeyValuePair<string, string>[] dead = [.. _dead];
            _dead.Clear();
            return dead;
        }
    }

    /// <summary>Nodes whose seats this one strikes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Open
    {
        get
        {
            lock (_lock)
            {
                return [.. _open];
            }
        }
    }

    public void Opened(string node, string lastBeat)
    {
        lock (_lock)
        {
            _open[node] = lastBeat;
        }
    }

    public void Closed(string node)
    {
        lock (_lock)
        {
            _open.Remove(node);
        }
    }

    /// <summary>Who has been away himself has no right to call others dead: they may just not have had their turn.</summary>
    public void LookAway()
    {
        lock (_lock)
        {
            _watchingSince = null;
            _silent.Clear();
        }
    }

    /// <summary>A node is dead when its last beat stays the same while this one watches, whatever the clock of Redis does.</summary>
    public void Look(Beat beat)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_watchingSince is null || time.GetElapsedTime(_lastLook, now) > nodeTimeout)
            {
                _watchingSince = now;
                _silent.Clear();
            }

            _lastLook = now;
            foreach (var node in _silent.Keys.Except(beat.Silent.Select(silent => silent.Node)).ToArray())
            {
                _silent.Remove(node);
            }

            foreach (var (node, lastBeat) in beat.Silent)
            {
                var times = _silent.TryGetValue(node, out var seen) && seen.LastBeat == lastBeat ? seen.Times + 1 : 0;
                _silent[node] = (lastBeat, times);
                if (times >= BeatsToBeSure && time.GetElapsedTime(_watchingSince.Value, now) > nodeTimeout)
                {
                    _dead[node] = lastBeat;
                }
            }

            if (beat.Grave.Length > 0)
            {
                _open.TryAdd(beat.Grave, "");
            }
        }
    }
}
