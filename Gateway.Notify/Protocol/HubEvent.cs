namespace Gateway.Notify.Protocol;

/// <summary>One event on its way to sockets, serialized once for all of them.</summary>
internal sealed class HubEvent
{
    private readonly Lock _lock = new();
    private Task? _kept;

    private HubEvent(Guid id, byte[] frame, int bodyLength, long publishedAt)
    {
        Id = id;
        Frame = frame;
        Body = frame.AsMemory(frame.Length - bodyLength);
        PublishedAt = publishedAt;
    }

    /// <summary>The name under which a large event is stored for other nodes to fetch.</summary>
    public Guid Id { get; }

    /// <summary>What it is called in metrics; empty for one that has come from another node.</summary>
    public string Type { get; private init; } = "";

    /// <summary>The body as the WebSocket message that every plain client receives.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>The NotifyMessage. Part of the frame, so it takes no room of its own.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>When it was handed to the hub, in Unix milliseconds of the node that took it.</summary>
    public long PublishedAt { get; }

    public static HubEvent Of(Guid id, int length, Action<Memory<byte>> write, long publishedAt, string type = "")
    {
        var frame = new byte[BinaryFrame.HeaderLength(length) + length];
        write(frame.AsMemory(BinaryFrame.WriteHeader(frame, length)));
        return new(id, frame, length, publishedAt) { Type = type };
    }

    public static HubEvent Of(Guid id, ReadOnlySpan<byte> body, long publishedAt) => new(id, BinaryFrame.Of(body), body.Length, publishedAt);

    /// <summary>Has the event stored for other nodes to fetch, once for all recipients.</summary>
    public Task KeepAsync(Func<HubEvent, Task> put)
    {
        lock (_lock)
        {
            return _kept ??= put(this);
        }
    }
}

/// <summary>An event and its place among the events of one user.</summary>
internal readonly record struct NumberedEvent(ulong Sequence, HubEvent Event);

/// <summary>A place in the sequence of all events of one user.</summary>
/// <param name="Epoch">Which count the sequence belongs to; another epoch says that the count began anew.</param>
/// <param name="Sequence">The newest event up to here; 0 before the first.</param>
internal readonly record struct FeedPosition(string Epoch, ulong Sequence);

/// <summary>
/// One WebSocket message to be written: what is this socket's or this user's own, then the body of an event, which all its recipients
/// share. One of them may be missing.
/// </summary>
/// <param name="Head">Written first.</param>
/// <param name="Event">Null for everything that is no event.</param>
internal readonly record struct Outbound(ReadOnlyMemory<byte> Head, HubEvent? Event)
{
    public int Length => Head.Length + Body.Length;

    public ReadOnlyMemory<byte> Body => Event?.Body ?? default;
}
