using System.Diagnostics;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>How many sockets there are, and how many events.</summary>
/// <param name="Groups">Groups of users who are told of the same events; two callers for each, at different gateways.</param>
/// <param name="Users">In each group.</param>
/// <param name="Singles">Users who are told of events of their own.</param>
/// <param name="Devices">Of each user, in turn on all gateways.</param>
/// <param name="EventsPerSecond">One counts once for each recipient.</param>
internal sealed record HubScale(int Groups, int Users, int Singles, IReadOnlyList<HubDevice> Devices, int EventsPerSecond);

internal enum HubDevice
{
    Extended,
    Plain,
}

/// <summary>Users with sockets of both kinds, and callers who make events for them.</summary>
internal sealed class HubLoad : IAsyncDisposable
{
    /// <summary>Users who come at once; what becomes of all of them coming at once is another matter.</summary>
    private const int Batch = 100;

    private static readonly TimeSpan BatchPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly HubRig _rig;
    private readonly List<Ledger> _ledgers = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly double _recipients;
    private Task _calling = Task.CompletedTask;
    private int _users;
    private int _eventsPerSecond;

    public HubLoad(HubRig rig, HubScale scale)
    {
        _rig = rig;
        _eventsPerSecond = scale.EventsPerSecond;
        foreach (var users in Enumerable.Repeat(scale.Users, scale.Groups).Concat(Enumerable.Repeat(1, scale.Singles)))
        {
            _ledgers.Add(new Ledger([.. Enumerable.Range(0, users).Select(_ => $"u{_users++}")]));
        }

        _recipients = _ledgers.Average(ledger => ledger.Users.Count);
        Devices = scale.Devices;
    }

    public IReadOnlyList<Ledger> Ledgers => _ledgers;

    public IEnumerable<FollowingClient> Followers => _ledgers.SelectMany(ledger => ledger.Followers);

    public IEnumerable<PlainListener> Listeners => _ledgers.SelectMany(ledger => ledger.Listeners);

    /// <summary>How many events have been published, one for each recipient.</summary>
    public int Published => _ledgers.Sum(ledger => ledger.Published * ledger.Users.Count);

    private IReadOnlyList<HubDevice> Devices { get; }

    public int Sockets => _users * Devices.Count;

    /// <summary>How many users are logged in: those with sockets, and the callers.</summary>
    public int Sessions => _users + _ledgers.Count;

    /// <summary>Lets everybody in, and events flow.</summary>
    public async Task StartAsync()
    {
        await LogInAsync();
        var turn = 0;
        foreach (var ledger in _ledgers)
        {
            foreach (var user in ledger.Users)
            {
                if (++turn % Batch == 0)
                {
                    await Task.Delay(BatchPause);
                }

                foreach (var (i, device) in Devices.Index())
                {
                    var addresses = Enumerable.Range(turn + i, _rig.Nodes.Count).Select(node => _rig.Nodes[node % _rig.Nodes.Count].WebSocket).ToArray();
                    var session = $"s{user[1..]}";
                    _ = device == HubDevice.Extended ? (object)ledger.Follow(user, session, addresses) : ledger.Listen(user, session, addresses);
                }
            }
        }

        await Eventually.TrueAsync(() => Task.FromResult(Followers.All(client => client.IsWelcome)), "all clients that keep count are let in", Patience);
        _calling = Task.WhenAll(_ledgers.Index().SelectMany(one => Enumerable.Range(0, 2).Select(caller => Task.Run(() => CallAsync(one.Index, one.Item, caller)))));
        await Eventually.TrueAsync(() => Task.FromResult(Listeners.All(listener => listener.IsWelcome)), "all plain clients are let in", Patience);
    }

    /// <summary>Waits until nobody has been told to load anew for a while: a gateway that has just started, or shares its cores, is too slow for its own deadlines.</summary>
    public async Task CalmAsync(TimeSpan quiet)
    {
        var (reloads, begin) = (-1, Stopwatch.GetTimestamp());
        while (Followers.Sum(client => client.Reloads) is var now && now != reloads && Stopwatch.GetElapsedTime(begin) < Patience)
        {
            reloads = now;
            await Task.Delay(quiet);
        }
    }

    public Task LogInAsync() => _rig.LogInAsync(Sessions);

    public void ChangePace(int eventsPerSecond) => Volatile.Write(ref _eventsPerSecond, eventsPerSecond);

    /// <summary>Waits until everybody has all there is, and stops. Returns what is wrong.</summary>
    public async Task<Findings> EndAsync(Func<PlainListener, KeptEvent, bool> mayMiss)
    {
        await _ending.CancelAsync();
        await _calling;
        await Task.WhenAll(_ledgers.Index().Select(one => Eventually.TrueAsync(() => PublishAsync(one.Index, one.Item, _rig.Alive), "a last event is published")));
        return await Ledger.SettleAsync(_ledgers, mayMiss);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _calling;
        await Task.WhenAll([.. Followers.Select(client => client.DisposeAsync().AsTask()), .. Listeners.Select(listener => listener.DisposeAsync().AsTask())]);
        _ending.Dispose();
    }

    private async Task CallAsync(int number, Ledger ledger, int caller)
    {
        var node = number + caller;
        await Task.Delay(Period() * Random.Shared.NextDouble());
        while (!_ending.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            await PublishAsync(number, ledger, node % _rig.Nodes.Count);
            var rest = Period() - Stopwatch.GetElapsedTime(began);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<bool> PublishAsync(int number, Ledger ledger, int node) =>
        ledger.PublishAsync(one => _rig.SendMessageAsync(node, $"s{_users + number}", ledger.Users, ledger.NameOf(one)));

    /// <summary>How often one caller calls.</summary>
    private TimeSpan Period() => TimeSpan.FromSeconds(2 * _ledgers.Count * _recipients / Volatile.Read(ref _eventsPerSecond));
}
