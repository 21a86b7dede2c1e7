using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// The events that this node has sent to Redis and has no answer for, or had none in time. Redis may have taken such an event all the same, and then hands it to
/// this node too: the sockets that this node has told of the event meanwhile are not told again. Bounded.
/// </summary>
internal sealed class PendingPublishes
{
    private const int MostTold = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, IReadOnlySet<NotifyConnection>?> _told = [];
    private readonly Queue<long> _failed = new();
    private long _last;

    public long Begin()
    {
        lock (_lock)
        {
            _told.Add(++_last, null);
            return _last;
        }
    }

    /// <summary>There is an answer. The sockets that were told meanwhile stay known until the event has come.</summary>
    public void Succeeded(long number)
    {
        lock (_lock)
        {
            if (_told.TryGetValue(number, out var told) && told is null)
            {
                _told.Remove(number);
            }
        }
    }

    /// <summary>Tells the sockets of this node, unless the event has come back through Redis already.</summary>
    public void Failed(long number, Func<IReadOnlySet<NotifyConnection>> tell)
    {
        lock (_lock)
        {
            if (_told.TryGetValue(number, out var told) && told is null)
            {
                _told[number] = tell();
                _failed.Enqueue(number);
                if (_failed.Count > MostTold)
                {
                    _told.Remove(_failed.Dequeue());
                }
            }
        }
    }

    /// <summary>An event has come through Redis. Returns the sockets that have had it; null for none.</summary>
    public IReadOnlySet<NotifyConnection>? Delivered(long number)
    {
        lock (_lock)
        {
            return _told.Remove(number, out var told) ? told : null;
        }
    }
}
