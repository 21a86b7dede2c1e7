namespace Gateway.Notify.Delivery.Redis;

/// <summary>The last few events that went to a user's sockets, so that one whose publishing seemed to fail is not told twice.</summary>
internal sealed class RecentEvents
{
    private const int Count = 64;

    private readonly Guid[] _ids = new Guid[Count];
    private int _next;

    public void Add(Guid eventId)
    {
        _ids[_next] = eventId;
        _next = (_next + 1) % Count;
    }

    public bool Contains(Guid eventId) => _ids.AsSpan().Contains(eventId);
}
