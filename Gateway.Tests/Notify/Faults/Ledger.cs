using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>
/// Every event of one user, as the sub-service that makes it keeps it: first it is kept, then it is published. So whoever loads anew has
/// all that was kept by then, and must be told all that is kept later.
/// </summary>
internal sealed class Ledger(string user)
{
    private readonly Lock _lock = new();
    private readonly List<FollowingClient> _clients = [];
    private readonly List<PlainListener> _listeners = [];
    private int _count;

    public string User => user;

    /// <summary>How many events have been kept.</summary>
    public int Count => Volatile.Read(ref _count);

    public FollowingClient Follow(params Uri[] addresses)
    {
        var client = new FollowingClient(this, addresses);
        _clients.Add(client);
        return client;
    }

    public async Task<PlainListener> ListenAsync(Uri address)
    {
        var listener = await PlainListener.StartAsync(address, user);
        _listeners.Add(listener);
        return listener;
    }

    /// <summary>Makes an event on a node, and publishes it.</summary>
    public Task PublishAsync(NodesFixture nodes, int node)
    {
        int number;
        lock (_lock)
        {
            number = _count++;
        }

        return nodes.PublishAsync(node, [user], HubFixture.Removed($"{number}"));
    }

    /// <summary>Waits until a good many more events have been published.</summary>
    public async Task GrowAsync()
    {
        var goal = Count + 50;
        await Eventually.That(() => Count > goal, "events flow");
    }

    /// <summary>Waits until all have caught up, which they do once nothing is broken any more; then says what is wrong.</summary>
    /// <param name="nodes">Where.</param>
    /// <param name="plainMayMiss">Whether events were published while the way to plain clients was broken.</param>
    public async Task CheckAsync(NodesFixture nodes, bool plainMayMiss = true)
    {
        await Eventually.That(() => Enumerable.Range(0, nodes.Nodes.Count).All(node => !nodes.Hub(node).IsDegraded), "all nodes have recovered");
        var last = Count;
        await PublishAsync(nodes, 0);
        await Eventually.That(
            () => _clients.All(client => client.Knows(last)) && _listeners.All(listener => listener.Told.Contains(last)), "everybody has the last event");

        List<string> faults = [];
        var places = new Dictionary<(string Epoch, ulong Sequence), int>();
        foreach (var (client, i) in _clients.Select((client, i) => (client, i)))
        {
            faults.AddRange(Enumerable.Range(0, Count).Where(number => !client.Knows(number)).Select(number => $"client {i}: event {number} is missing, and it was not told so"));
            faults.AddRange(client.Doubled().Select(number => $"client {i}: event {number} came twice"));
            foreach (var (place, number) in client.Places())
            {
                if (places.TryGetValue(place, out var other) && other != number)
                {
                    faults.Add($"client {i}: at {place} is event {number}, for another client it is {other}");
                }

                places[place] = number;
            }
        }

        foreach (var (listener, i) in _listeners.Select((listener, i) => (listener, i)))
        {
            var told = listener.Told;
            faults.AddRange(told.GroupBy(number => number).Where(group => group.Count() > 1).Select(group => $"plain {i}: event {group.Key} came {group.Count()} times"));
            faults.AddRange(Enumerable.Range(0, plainMayMiss ? 0 : Count).Except(told).Select(number => $"plain {i}: event {number} is missing"));
        }

        Assert.That(faults, Is.Empty);
    }
}
