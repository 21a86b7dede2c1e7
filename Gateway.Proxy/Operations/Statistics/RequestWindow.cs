namespace Gateway.Proxy.Operations.Statistics;

/// <summary>How many requests came in the last minute, in the periods of <see cref="CallWindow"/>.</summary>
internal sealed class RequestWindow(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[CallWindow.Periods];
    private readonly long[] _periods = new long[CallWindow.Periods];

    /// <summary>None came in the last minute.</summary>
    public bool IsOver => LastMinute == 0;

    public long LastMinute
    {
        get
        {
            var first = Now - CallWindow.Periods + 1;
            lock (_lock)
            {
                return _counts.Where((_, place) => _periods[place] >= first).Sum();
            }
        }
    }

    private long Now => CallWindow.PeriodOf(time, time.GetTimestamp());

    public void Add(long requests)
    {
        var period = Now;
        lock (_lock)
        {
            var place = period % CallWindow.Periods;
            if (_periods[place] != period)
            {
                (_counts[place], _periods[place]) = (0, period);
            }

            _counts[place] += requests;
        }
    }
}
