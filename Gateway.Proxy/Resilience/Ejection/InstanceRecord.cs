namespace Gateway.Proxy.Resilience.Ejection;

/// <summary>What one instance has done lately, and how often it had to be taken out.</summary>
internal sealed class InstanceRecord(TimeProvider time)
{
    /// <summary>The longest that an instance is out, however often it fails.</summary>
    public static readonly TimeSpan LongestEjection = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly RollingWindow _window = new(time);
    private int _failuresInARow;
    private long _lastAnswer;
    private int _ejections;
    private TimeSpan _lastEjection;
    private long _backSince;
    private bool _isOnTrial;

    /// <summary>Requests that were under way when the instance was taken out end meanwhile, and are not counted.</summary>
    private bool IsOut => _isOnTrial && time.GetTimestamp() < _backSince;

    /// <summary>Takes note of an answer. True when it is the first one after an ejection: the instance has recovered.</summary>
    public bool Answered()
    {
        lock (_lock)
        {
            _window.Add(1, 0);
            _failuresInARow = 0;
            _lastAnswer = time.GetTimestamp();
            var recovered = _isOnTrial && !IsOut;
            _isOnTrial &= !recovered;
            return recovered;
        }
    }

    /// <summary>Whether the instance has answered anybody since then. If so, it is the one call that is slow and not the instance.</summary>
    public bool HasAnsweredSince(long timestamp)
    {
        lock (_lock)
        {
            return _lastAnswer > timestamp;
        }
    }

    /// <summary>Takes note of a failure. The time for which the instance should be taken out; null when it may stay.</summary>
    public TimeSpan? Failed(ResilienceSettings settings)
    {
        lock (_lock)
        {
            if (IsOut)
            {
                return null;
            }

            _window.Add(1, 1);
            _failuresInARow++;
            var isBad = _isOnTrial
                || _failuresInARow >= settings.EjectAfterFailures
                || (_window.Events >= ResilienceSettings.MinSample && _window.Marked * 100L >= _window.Events * (long)settings.EjectAtFailurePercent);
            return isBad ? Eject(settings) : null;
        }
    }

    /// <summary>An instance that has served well for longer than it was out begins anew; any other is out for twice as long.</summary>
    private TimeSpan Eject(ResilienceSettings settings)
    {
        var hasServedWell = !_isOnTrial && time.GetElapsedTime(_backSince) > _lastEjection;
        _ejections = hasServedWell ? 1 : _ejections + 1;
        // Twenty doublings are more than the longest time, whatever the first one was.
        var ticks = settings.EjectionTime.Ticks * Math.Pow(2, Math.Min(_ejections - 1, 20));
        _lastEjection = TimeSpan.FromTicks((long)Math.Min(ticks, Math.Max(LongestEjection.Ticks, settings.EjectionTime.Ticks)));
        _backSince = time.GetTimestamp() + (long)(_lastEjection.TotalSeconds * time.TimestampFrequency);
        // When it is back, one failure is enough.
        _isOnTrial = true;
        _failuresInARow = 0;
        _window.Clear();
        return _lastEjection;
    }
}
