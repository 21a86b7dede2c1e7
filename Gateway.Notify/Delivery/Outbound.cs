namespace Gateway.Notify.Delivery;

/// <summary>
/// One WebSocket message to be written: what is this socket's or this user's own, then what all recipients of an event share. Either
/// may be empty.
/// </summary>
/// <param name="Head">Written first.</param>
/// <param name="Body">Shared, never copied.</param>
/// <param name="PublishedAt">Of an event, in Unix milliseconds; 0 for everything else.</param>
internal readonly record struct Outbound(ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body, long PublishedAt)
{
    public int Length => Head.Length + Body.Length;

    public bool IsEvent => PublishedAt != 0;
}
