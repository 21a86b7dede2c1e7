namespace Gateway.Transforms;

/// <summary>Lets one log line through per interval and counts the rest.</summary>
internal sealed class LogThrottle(TimeProvider time, TimeSpan interval)
{
    private readonly Lock _lock = new();
    private long? _lastAt;
    private int _suppressed;

    /// <param name="suppressed">How many were held back since the last one that passed.</param>
    public bool TryPass(out int suppressed)
    {
        lock (_lock)
        {
            suppressed = _suppressed;
            if (_lastAt is { } last && time.GetElapsedTime(last) < interval)
            {
                _suppressed++;
                return false;
            }

            _lastAt = time.GetTimestamp();
            _suppressed = 0;
            return true;
        }
    }
}
