namespace Gateway.Proxy.Sessions;

/// <summary>
/// Tells the operator that the session store is down, and when it is back, without a line for each of the thousands of
/// requests that fail meanwhile.
/// </summary>
internal sealed partial class SessionStoreOutage(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>For so long a failure is news, if no other look-up shows how the store is.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private volatile bool _down;
    private volatile bool _hasAnsweredSince;
    private long _failedAt;
    private long? _toldAt;
    private long _refused;
    private long _untold;

    /// <summary>Look-ups have failed of late, and none has succeeded since.</summary>
    public bool IsDown => _down && !_hasAnsweredSince && time.GetElapsedTime(Volatile.Read(ref _failedAt)) < Fresh;

    public void LookupFailed(string failure)
    {
        long untold;
        lock (_lock)
        {
            _down = true;
            _hasAnsweredSince = false;
            _failedAt = time.GetTimestamp();
            _refused++;
            _untold++;
            if (_toldAt is { } told && time.GetElapsedTime(told) < Interval)
            {
                return;
            }

            _toldAt = _failedAt;
            untold = _untold;
            _untold = 0;
        }

        Log.StoreDown(logger, failure, untold);
    }

    /// <summary>A store that fails only now and then is back when it has not failed for a while, not in between.</summary>
    public void LookupSucceeded()
    {
        // Every request passes here, so there is no lock while the store answers.
        if (!_down)
        {
            return;
        }

        _hasAnsweredSince = true;
        long refused;
        lock (_lock)
        {
            if (!_down || time.GetElapsedTime(_failedAt) < Interval)
            {
                return;
            }

            _down = false;
            _toldAt = null;
            refused = _refused;
            _refused = _untold = 0;
        }

        Log.StoreBack(logger, refused);
    }

    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Warning, "The session store does not answer ({Failure}); look-ups refused since the last such line: {Count}.", EventName = "SessionStoreDown")]
        public static partial void StoreDown(ILogger logger, string failure, long count);

        [LoggerMessage(1201, LogLevel.Information, "The session store answers again, after {Count} refused look-ups.", EventName = "SessionStoreBack")]
        public static partial void StoreBack(ILogger logger, long count);
    }
}
