namespace Gateway.Notify.Delivery.Redis;

/// <summary>Tells which of the nodes that are silent in one bucket are dead. Only a node that has itself been connected all the while can say so.</summary>
internal sealed class DeadNodes(TimeSpan nodeTimeout, TimeProvider time)
{
    private const int BeatsToBeSure = 2;

    private Dictionary<string, (string LastBeat, int Times)> _silent = [];
    private long? _watchingSince;
    private long _lookedAt;

    /// <summary>Begins to watch anew, after this node itself was away: the others may just not have had their turn.</summary>
    public void Restart() => _watchingSince = null;

    /// <summary>A node is dead when its last beat stays the same while this one watches, whatever the clock of Redis does.</summary>
    /// <param name="silent">The nodes that have not beaten in time, and their last beat.</param>
    /// <returns>Those of them that are dead.</returns>
    public IReadOnlyList<(string Node, string LastBeat)> Find(IReadOnlyList<(string Node, string LastBeat)> silent)
    {
        var now = time.GetTimestamp();
        if (_watchingSince is null || time.GetElapsedTime(_lookedAt, now) > nodeTimeout)
        {
            _watchingSince = now;
            _silent = [];
        }

        _lookedAt = now;
        _silent = silent.ToDictionary(
            one => one.Node,
            one => (one.LastBeat, _silent.TryGetValue(one.Node, out var seen) && seen.LastBeat == one.LastBeat ? seen.Times + 1 : 0));
        return time.GetElapsedTime(_watchingSince.Value, now) > nodeTimeout
            ? [.. silent.Where(one => _silent[one.Node].Times >= BeatsToBeSure)]
            : [];
    }
}
