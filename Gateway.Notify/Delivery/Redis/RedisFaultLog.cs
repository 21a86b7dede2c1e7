using System.Collections.Concurrent;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>Decides which faults are told: an outage every few seconds, a refusal, which stays until somebody changes something, rarely.</summary>
public sealed class RedisFaultLog(TimeProvider time)
{
    private static readonly TimeSpan OutageInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(10);

    // There are only as many reasons as commands.
    private readonly ConcurrentDictionary<string, long> _toldAt = new(StringComparer.Ordinal);

    /// <summary>True if the fault is to be told now.</summary>
    public bool IsNews(RedisFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var now = time.GetTimestamp();
        var interval = fault.IsOutage ? OutageInterval : RefusalInterval;
        return _toldAt.TryGetValue(fault.Reason, out var told)
            ? time.GetElapsedTime(told, now) >= interval && _toldAt.TryUpdate(fault.Reason, now, told)
            : _toldAt.TryAdd(fault.Reason, now);
    }
}
