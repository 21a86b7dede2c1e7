namespace Gateway.Transforms.Upstream;

/// <summary>
/// The tries to connect to an instance that have failed in a row. After the first few there are pauses, in which calls fail at once, without a further try.
/// Not for several threads at a time.
/// </summary>
internal sealed class ConnectFailures(TimeProvider time)
{
    /// <summary>How many tries may fail in a row without a pause.</summary>
    private const int FreeTries = 2;

    /// <summary>The first pause. Each is twice as long as the one before, up to <see cref="LongestPause"/>.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>How often an instance is tried that no call asks for, to see whether it is back.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private int _inRow;
    private long _lastAt;

    /// <summary>All that there have ever been.</summary>
    public long Total { get; private set; }

    /// <summary>Why the last one failed.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The last try failed.</summary>
    public bool IsFailing => _inRow > 0;

    /// <summary>It is time to see whether the instance is back.</summary>
    public bool IsCheckDue => IsFailing && time.GetElapsedTime(_lastAt) >= CheckInterval;

    public bool IsPausing => _inRow > FreeTries && time.GetElapsedTime(_lastAt) < Pause;

    private TimeSpan Pause => TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(_inRow - FreeTries - 1, 20), LongestPause.Ticks));

    public void Add(string reason)
    {
        _inRow++;
        _lastAt = time.GetTimestamp();
        Reason = reason;
        Total++;
    }

    /// <summary>The instance can be connected to.</summary>
    public void Reset() => _inRow = 0;
}
