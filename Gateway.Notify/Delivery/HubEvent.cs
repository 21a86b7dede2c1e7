using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

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

    /// <summary>Names it where it is kept for others to fetch.</summary>
    public Guid Id { get; }

    /// <summary>The body as the WebSocket message that every plain client receives.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>The NotifyMessage. Part of the frame, so it takes no room of its own.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>When it was handed to the hub, in Unix milliseconds of the node that took it.</summary>
    public long PublishedAt { get; }

    public static HubEvent Of(Guid id, int length, Action<Memory<byte>> write, long publishedAt)
    {
        var frame = new byte[BinaryFrame.HeaderLength(length) + length];
        write(frame.AsMemory(BinaryFrame.WriteHeader(frame, length)));
        return new(id, frame, length, publishedAt);
    }

    /// <summary>Has it put down for others to fetch, once for all who are told.</summary>
    public Task KeepAsync(Func<HubEvent, Task> put)
    {
        lock (_lock)
        {
            return _kept ??= put(this);
        }
    }

    public static HubEvent Of(Guid id, ReadOnlySpan<byte> body, long publishedAt) => new(id, BinaryFrame.Of(body), body.Length, publishedAt);
}
