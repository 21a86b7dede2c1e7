using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// Events that Redis would not take, in order, until it does: bounded by number, bytes and age. While anything waits here, everything
/// waits here, so that no event overtakes another.
/// </summary>
internal sealed class Outbox(IOptions<NotifyOptions> options, NotifyMetrics metrics, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<Entry> _entries = new();
    private long _bytes;
    // Nothing is sent before the first word from Redis.
    private bool _isOpen = true;

    /// <summary>True while events are to be put here.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
            {
                return _isOpen;
            }
        }
    }

    /// <summary>From now on everything is put here. True when it was not so before.</summary>
    public bool Open()
    {
        lock (_lock)
        {
            var opened = !_isOpen;
            _isOpen = true;
            return opened;
        }
    }

    /// <summary>Puts an event here if everything is to be.</summary>
    public bool TryAdd(string userId, HubEvent hubEvent, bool mayHaveRun)
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                return false;
            }

            if (_entries.Count >= options.Value.OutboxEvents || _bytes + hubEvent.Body.Length > options.Value.OutboxBytes)
            {
                metrics.Lost(1, "outbox-full");
                return true;
            }

            _entries.Enqueue(new Entry(userId, hubEvent, mayHaveRun, time.GetTimestamp()));
            _bytes += hubEvent.Body.Length;
            metrics.HeldBack(1);
            return true;
        }
    }

    /// <summary>The next event to send; what has waited too long is dropped. False when nothing is left, and from now on all may be sent directly.</summary>
    public bool TryPeekOrClose([NotNullWhen(true)] out Entry? entry)
    {
        lock (_lock)
        {
            while (_entries.TryPeek(out entry) && time.GetElapsedTime(entry.HeldAt) > options.Value.OutboxAge)
            {
                metrics.Lost(1, "too-old");
                RemoveFirst();
            }

            _isOpen = entry is not null;
            return _isOpen;
        }
    }

    public void Sent()
    {
        lock (_lock)
        {
            RemoveFirst();
        }
    }

    private void RemoveFirst()
    {
        _bytes -= _entries.Dequeue().HubEvent.Body.Length;
        metrics.HeldBack(-1);
    }

    internal sealed record Entry(string UserId, HubEvent HubEvent, bool MayHaveRun, long HeldAt)
    {
        /// <summary>Whether an attempt to send it may have succeeded unseen.</summary>
        public bool MayHaveRun { get; set; } = MayHaveRun;
    }
}
