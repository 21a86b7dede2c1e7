namespace Gateway.Notify.Delivery;

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
