using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>Large events that were just fetched: the letters of several buckets name the same one, which is to come from Redis once.</summary>
internal sealed class LargeBodies(TimeProvider time)
{
    private const int Most = 8;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<(string Id, long At, Task<HubEvent?> Body)> _bodies = new();

    public Task<HubEvent?> GetAsync(string id, Func<Task<HubEvent?>> fetch)
    {
        lock (_lock)
        {
            Tidy();
            foreach (var one in _bodies)
            {
                if (one.Id == id && !one.Body.IsFaulted)
                {
                    return one.Body;
                }
            }

            var body = fetch();
            _bodies.Enqueue((id, time.GetTimestamp(), body));
            return body;
        }
    }

    /// <summary>Lets go of what is no longer needed; also called when nothing is fetched.</summary>
    public void Tidy()
    {
        lock (_lock)
        {
            while (_bodies.TryPeek(out var oldest) && (_bodies.Count > Most || time.GetElapsedTime(oldest.At) > Life))
            {
                _bodies.Dequeue();
            }
        }
    }
}
