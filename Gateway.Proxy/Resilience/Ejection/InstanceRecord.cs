using System.Runtime.CompilerServices;
using Gateway.Transforms.Verdicts;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Ejection;

/// <summary>The record of each instance, for as long as YARP knows it.</summary>
internal sealed class InstanceRecords(TimeProvider time)
{
    private readonly ConditionalWeakTable<DestinationState, InstanceRecord> _records = [];

    public InstanceRecord Of(DestinationState destination) =>
        _records.TryGetValue(destination, out var known) ? known : _records.GetValue(destination, _ => new InstanceRecord(time));
}

/// <summary>What one instance has done lately, and how often it had to be taken out.</summary>
internal sealed class InstanceRecord(TimeProvider time)
{
    /// <summary>The longest that an instance is out, however often it fails.</summary>
    public static readonly TimeSpan LongestEjection = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly RollingWindow _window = new(time);
    private int _failuresInARow;
    private InstanceFailures _unanswered;
    private long _lastAnswer;
    private int _ejections;
    private TimeSpan _lastEjection;
    private long _backSince;
    private bool _isOnTrial;

    /// <summary>Requests that were under way when the instance was taken out end meanwhile, and are not counted.</summary>
    private bool IsOut => _isOnTrial && time.GetTimestamp() < _backSince;

    /// <summary>When requests go to it again; null when it is not out.</summary>
    public DateTimeOffset? OutUntil
    {
        get
        {
            lock (_lock)
            {
                return IsOut ? time.GetUtcNow() + TimeSpan.FromSeconds((_backSince - time.GetTimestamp()) / (double)time.TimestampFrequency) : null;
            }
        }
    }

    /// <summary>The failures since the last answer, if requests go to it.</summary>
    public InstanceFailures Unanswered
    {
        get
        {
            lock (_lock)
            {
                return _unanswered;
            }
        }
    }

    /// <summary>Whether half of the requests of late have failed, of which the last may have been answered.</summary>
    public bool FailsOften
    {
        get
        {
            lock (_lock)
            {
                _window.Advance();
                return _window.Marked > 0 && _window.Marked * 2 >= _window.Events;
            }
        }
    }

    /// <summary>Takes note of an answer. True when it is the first one after an ejection: the instance has recovered.</summary>
    public bool Answered()
    {
        lock (_lock)
        {
            var recovered = _isOnTrial && !IsOut;
            _isOnTrial &= !recovered;
            if (recovered)
            {
                // What failed while it was out.
                _window.Clear();
            }

            _window.Add(1, 0);
            _failuresInARow = 0;
            _unanswered = default;
            _lastAnswer = time.GetTimestamp();
            return recovered;
        }
    }

    /// <summary>Takes note of a request that went to the instance although it is out. It tells how the instance is, and changes nothing.</summary>
    public void AskedWhileOut(VerdictKind kind)
    {
        lock (_lock)
        {
            var isAnswer = kind == VerdictKind.Answered;
            _window.Add(1, isAnswer ? 0 : 1);
            _unanswered = isAnswer ? default : _unanswered.And(kind);
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
    public TimeSpan? Failed(ResilienceSettings settings, VerdictKind kind)
    {
        lock (_lock)
        {
            _unanswered = _unanswered.And(kind);
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

/// <summary>Failures without an answer between.</summary>
/// <param name="Count">How many.</param>
/// <param name="Last">How the last one failed, if there is any.</param>
internal readonly record struct InstanceFailures(int Count, VerdictKind Last)
{
    public InstanceFailures And(VerdictKind kind) => new(Count + 1, kind);
}
