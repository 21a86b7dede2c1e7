namespace Gateway.Proxy.Resilience;

/// <summary>How many events the last ten seconds saw, and how many of them were marked. Not for use by two threads at a time.</summary>
internal sealed class RollingWindow(TimeProvider time)
{
    public const int Seconds = 10;

    private readonly int[] _events = new int[Seconds];
    private readonly int[] _marked = new int[Seconds];
    private long _second;

    public int Events { get; private set; }

    public int Marked { get; private set; }

    public void Add(int events, int marked)
    {
        Advance();
        var slot = _second % Seconds;
        _events[slot] += events;
        _marked[slot] += marked;
        Events += events;
        Marked += marked;
    }

    public void Clear()
    {
        Array.Clear(_events);
        Array.Clear(_marked);
        Events = Marked = 0;
    }

    /// <summary>Forgets what is older than the window.</summary>
    public void Advance()
    {
        var now = time.GetTimestamp() / time.TimestampFrequency;
        if (now - _second >= Seconds)
        {
            Clear();
            _second = now;
        }

        while (_second < now)
        {
            var slot = ++_second % Seconds;
            Events -= _events[slot];
            Marked -= _marked[slot];
            _events[slot] = _marked[slot] = 0;
        }
    }
}
