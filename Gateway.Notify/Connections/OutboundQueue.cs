using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>What waits for one socket, within bounds. Its owner sees to it that only one thread uses it at a time.</summary>
internal sealed class OutboundQueue(NotifyOptions options, NotifyMetrics metrics)
{
    private Queue<Outbound>? _messages;
    private long _bytes;

    /// <summary>Whether what waits is within the bounds, what was added regardless of them included.</summary>
    public bool IsWithinBounds => _bytes <= options.MaxQueuedBytes && (_messages?.Count ?? 0) <= options.MaxQueuedEvents;

    /// <summary>Adds a message; false when it does not fit. An empty queue takes any message.</summary>
    /// <param name="message">What is to be written.</param>
    /// <param name="anyway">Regardless of the bounds.</param>
    public bool TryAdd(Outbound message, bool anyway)
    {
        // For the one event that mostly comes alone, and no longer than it takes: ten thousand empty queues would be held for nothing.
        _messages ??= new Queue<Outbound>(1);
        if (!anyway && _messages.Count > 0 && (_messages.Count >= options.MaxQueuedEvents || _bytes + message.Length > options.MaxQueuedBytes))
        {
            return false;
        }

        _messages.Enqueue(message);
        _bytes += message.Length;
        metrics.Queued(message.Length);
        return true;
    }

    public bool TryTake(out Outbound message)
    {
        if (_messages is not null && _messages.TryDequeue(out message))
        {
            _bytes -= message.Length;
            metrics.Queued(-message.Length);
            return true;
        }

        message = default;
        _messages = null;
        return false;
    }

    public void Drop(CloseReason reason)
    {
        metrics.Dropped(_messages?.Count(message => message.Event is not null) ?? 0, reason.Text);
        metrics.Queued(-_bytes);
        _messages = null;
        _bytes = 0;
    }
}
