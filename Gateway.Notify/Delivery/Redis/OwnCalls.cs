using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// The events this node has sent to Redis and has no answer for, or had none in time: should one have got in all the same, those of this
/// node who have been told it are not told again. Bounded.
/// </summary>
internal sealed class OwnCalls
{
    private const int MostTold = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Call> _calls = [];
    private readonly Queue<long> _told = new();
    private long _last;

    public long Begin()
    {
        lock (_lock)
        {
            _calls.Add(++_last, new Call());
            return _last;
        }
    }

    public void Succeeded(long number)
    {
        lock (_lock)
        {
            _calls.Remove(number);
        }
    }

    /// <summary>Tells the sockets of this node, unless the event has come back through Redis already.</summary>
    public void Failed(long number, Func<IReadOnlySet<NotifyConnection>> tell)
    {
        lock (_lock)
        {
            var call = _calls[number];
            if (call.IsDelivered)
            {
                _calls.Remove(number);
                return;
            }

            call.Told = tell();
            _told.Enqueue(number);
            if (_told.Count > MostTold)
            {
                _calls.Remove(_told.Dequeue());
            }
        }
    }

    /// <summary>An event has come through Redis. Returns who has had it; null for nobody.</summary>
    public IReadOnlySet<NotifyConnection>? Delivered(long number)
    {
        lock (_lock)
        {
            if (!_calls.TryGetValue(number, out var call))
            {
                return null;
            }

            call.IsDelivered = true;
            if (call.Told is not null)
            {
                _calls.Remove(number);
            }

            return call.Told;
        }
    }

    private sealed class Call
    {
        public bool IsDelivered { get; set; }

        public IReadOnlySet<NotifyConnection>? Told { get; set; }
    }
}
