namespace Gateway.Proxy.Operations.Statistics;

/// <summary>The calls of the last minute, in periods of ten seconds.</summary>
/// <param name="time">The clock.</param>
/// <param name="since">From when on calls were counted. One that nobody called before has had no calls until then, which is no reason for a higher rate.</param>
internal sealed class CallWindow(TimeProvider time, long since)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>How many there are in a minute.</summary>
    public const int Periods = 6;

    private readonly Lock _lock = new();
    private readonly CallCounts[] _counts = [.. Enumerable.Range(0, Periods).Select(_ => new CallCounts())];
    private readonly long[] _periods = new long[Periods];
    private readonly long _since = since;

    /// <summary>No call came in the last minute.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _periods.Max() <= PeriodOf(time, time.GetTimestamp()) - Periods;
            }
        }
    }

    /// <summary>The number of the period in which a moment lies.</summary>
    public static long PeriodOf(TimeProvider time, long timestamp) => timestamp / (time.TimestampFrequency * (long)Period.TotalSeconds);

    public void Add(string outcome, double seconds)
    {
        var period = PeriodOf(time, time.GetTimestamp());
        lock (_lock)
        {
            var place = period % Periods;
            if (_periods[place] != period)
            {
                _counts[place].Clear();
                _periods[place] = period;
            }

            _counts[place].Add(outcome, seconds);
        }
    }

    /// <summary>Adds the calls of one period of the last minute to others.</summary>
    public void AddTo(CallCounts sum, long period)
    {
        lock (_lock)
        {
            if (_periods[period % Periods] == period)
            {
                sum.Add(_counts[period % Periods]);
            }
        }
    }

    /// <summary>All periods there are, the one that has just begun among them; null when no call came.</summary>
    public static CallRates? LastMinute(TimeProvider time, IEnumerable<CallWindow> windows) =>
        Recent(time, windows, Periods) is { Outcomes.Count: > 0 } rates ? rates : null;

    /// <summary>The last periods, the one that has just begun among them.</summary>
    public static CallRates Recent(TimeProvider time, IEnumerable<CallWindow> windows, int periods)
    {
        var now = time.GetTimestamp();
        var last = PeriodOf(time, now);
        var first = last - periods + 1;
        var sum = new CallCounts();
        var since = now;
        foreach (var window in windows)
        {
            since = Math.Min(since, window._since);
            for (var period = first; period <= last; period++)
            {
                window.AddTo(sum, period);
            }
        }

        var start = Math.Max(since, first * time.TimestampFrequency * (long)Period.TotalSeconds);
        // Calls of a moment would make a rate that nobody has seen.
        return sum.Over(Math.Max(1, time.GetElapsedTime(start, now).TotalSeconds));
    }
}
