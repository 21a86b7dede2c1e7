using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

/// <summary>The newest events of one user in this process's memory, for those who resume. Bounded by number, bytes and age.</summary>
internal sealed class EventHistory(NotifyOptions options, HistoryMemory memory)
{
    private readonly Queue<NumberedEvent> _events = new();
    private long _bytes;

    public void Add(NumberedEvent numbered)
    {
        _events.Enqueue(numbered);
        _bytes += numbered.Event.Body.Length;
        var fits = memory.TryTake(numbered.Event.Body.Length);
        while (_events.Count > options.ReplayEvents || _bytes > options.ReplayBytes || IsTooOld(_events, numbered.Event.PublishedAt))
        {
            Drop();
        }

        if (!fits)
        {
            Clear();
        }
    }

    /// <summary>What came after a sequence, up to <paramref name="top"/>; null when some of it is gone.</summary>
    public IReadOnlyList<NumberedEvent>? After(ulong sequence, ulong top)
    {
        if (sequence > top)
        {
            return null;
        }

        List<NumberedEvent> found = [.. _events.Where(numbered => numbered.Sequence > sequence)];
        return (ulong)found.Count == top - sequence ? found : null;
    }

    public void Clear()
    {
        while (_events.Count > 0)
        {
            Drop();
        }
    }

    private bool IsTooOld(Queue<NumberedEvent> events, long now) =>
        events.TryPeek(out var oldest) && now - oldest.Event.PublishedAt > options.ReplayAge.TotalMilliseconds;

    private void Drop()
    {
        var length = _events.Dequeue().Event.Body.Length;
        _bytes -= length;
        memory.Return(length);
    }
}

/// <summary>How many bytes the histories of all users take together.</summary>
internal sealed class HistoryMemory(long limit)
{
    private long _taken;

    /// <summary>Takes bytes, to be returned in any case. False when they are more than there is room for.</summary>
    public bool TryTake(long bytes) => Interlocked.Add(ref _taken, bytes) <= limit;

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
