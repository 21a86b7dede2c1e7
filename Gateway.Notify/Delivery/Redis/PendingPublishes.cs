using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// The events this node has sent to Redis and has no answer for, or had none in time: should one have got in all the same, those of this
/// node who have been told it are not told again. Bounded.
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

    /// <summary>There is an answer. Who has been told meanwhile stays known until the event has come.</summary>
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

    /// <summary>An event has come through Redis. Returns who has had it; null for nobody.</summary>
    public IReadOnlySet<NotifyConnection>? Delivered(long number)
    {
        lock (_lock)
        {
            return _told.Remove(number, out var told) ? told : null;
        }
    }
}
