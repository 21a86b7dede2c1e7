namespace Gateway.Notify.Delivery.Redis;

/// <summary>Tells which of the nodes that are silent in one bucket are dead: only who has been there himself all the while can say so.</summary>
internal sealed class Graves(TimeSpan nodeTimeout, TimeProvider time)
{
    private const int BeatsToBeSure = 2;

    private Dictionary<string, (string LastBeat, int Times)> _silent = [];
    private long? _watchingSince;
    private long _lastLook;

    /// <summary>Begins anew: the others may just not have had their turn.</summary>
    public void LookAway() => _watchingSince = null;

    /// <summary>A node is dead when its last beat stays the same while this one watches, whatever the clock of Redis does.</summary>
    /// <param name="silent">The nodes that have not beaten in time, and their last beat.</param>
    /// <returns>Those of them that are dead.</returns>
    public IReadOnlyList<(string Node, string LastBeat)> Look(IReadOnlyList<(string Node, string LastBeat)> silent)
    {
        var now = time.GetTimestamp();
        if (_watchingSince is null || time.GetElapsedTime(_lastLook, now) > nodeTimeout)
        {
            _watchingSince = now;
            _silent = [];
        }

        _lastLook = now;
        _silent = silent.ToDictionary(
            one => one.Node,
            one => (one.LastBeat, _silent.TryGetValue(one.Node, out var seen) && seen.LastBeat == one.LastBeat ? seen.Times + 1 : 0));
        return time.GetElapsedTime(_watchingSince.Value, now) > nodeTimeout
            ? [.. silent.Where(one => _silent[one.Node].Times >= BeatsToBeSure)]
            : [];
    }
}
