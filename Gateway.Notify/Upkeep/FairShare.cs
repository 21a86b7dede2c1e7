namespace Gateway.Notify.Upkeep;

/// <summary>
/// How many sockets this node sends away so that others get their share. It begins when the node is far above the mean, and ends before it is at the mean. It
/// may send away as many as it had when it began, and anew only after a node has come: so it ends as well where a load balancer sends clients back to it, or
/// to another node that sends them away, and nodes that stay the same do not pass sockets to and fro for ever.
/// </summary>
internal sealed class FairShare(NotifyOptions options)
{
    private readonly Queue<TimeSpan> _underWay = new();
    private HashSet<string> _nodes = [];

    /// <summary>How many it may still send away; null when it has not begun since a node came.</summary>
    private int? _left;

    /// <summary>Whether this node sends sockets away, or would if it had any that may be sent.</summary>
    public bool IsAbove { get; private set; }

    /// <summary>Whether it has sent away all that it may, and is far above the mean all the same.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>What the nodes have on average.</summary>
    public double Mean { get; private set; }

    /// <summary>With those that have been sent away and may not have arrived yet: what is missing everywhere would lower the mean.</summary>
    /// <param name="own">The sockets of this node.</param>
    /// <param name="now">The time on a clock that only goes forward.</param>
    public int CountWithUnderWay(int own, TimeSpan now)
    {
        while (_underWay.TryPeek(out var arrived) && arrived <= now)
        {
            _underWay.Dequeue();
        }

        return own + _underWay.Count;
    }

    /// <summary>How many sockets may be sent away now.</summary>
    /// <param name="own">The sockets of this node.</param>
    /// <param name="nodes">What each node has said last, this one included.</param>
    public int Surplus(int own, IReadOnlyDictionary<string, int> nodes)
    {
        _left = nodes.Keys.All(_nodes.Contains) ? _left : null;
        _nodes = [.. nodes.Keys];
        Mean = nodes.Values.Average();
        var isFarAbove = own > Most(options.RebalanceTolerance);
        var surplus = own - Most(options.RebalanceTolerance / 2.0);
        var left = isFarAbove || IsAbove ? _left ??= own : 0;
        IsStuck = _left == 0 && (IsStuck || isFarAbove);
        IsAbove = left > 0 && surplus > 0;
        return IsAbove ? Math.Min(Math.Min(surplus, left), options.RebalanceRate) : 0;
    }

    /// <summary>Sockets have been sent away, whose clients are back by a time.</summary>
    public void Sent(int count, TimeSpan back)
    {
        _left -= count;
        for (var i = 0; i < count; i++)
        {
            _underWay.Enqueue(back);
        }
    }

    private int Most(double percent) => Math.Max(options.RebalanceMinimum, (int)Math.Ceiling(Mean * (1 + (percent / 100))));
}
