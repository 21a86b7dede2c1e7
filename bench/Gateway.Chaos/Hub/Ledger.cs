using System.Diagnostics;
using System.Globalization;
using Gateway.Protocol;

namespace Gateway.Chaos.Hub;

/// <summary>
/// Every event of some users, who are all told of each, as the sub-service that makes it keeps it: first it is kept, then it is published. So whoever
/// loads anew has all that was kept by then, and must be told all that is kept later.
/// </summary>
internal sealed class Ledger(params IReadOnlyList<string> users)
{
    /// <summary>How long clients may take to catch up when nothing is broken any more: two heartbeats of five seconds, and a busy machine.</summary>
    private static readonly TimeSpan CatchUp = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private static int _count;

    private readonly string _name = $"{Interlocked.Increment(ref _count)}-";
    private readonly Lock _lock = new();
    private readonly List<KeptEvent> _events = [];
    private readonly List<FollowingClient> _followers = [];
    private readonly List<PlainListener> _listeners = [];

    public IReadOnlyList<string> Users => users;

    public IReadOnlyList<FollowingClient> Followers => _followers;

    public IReadOnlyList<PlainListener> Listeners => _listeners;

    /// <summary>How many events there are, those included of which nobody knows whether they have been published.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _events.Count;
            }
        }
    }

    /// <summary>How many events have been published for certain.</summary>
    public int Published
    {
        get
        {
            lock (_lock)
            {
                return _events.Count(one => one.KeptAt is not null);
            }
        }
    }

    /// <summary>What the event of a number is called.</summary>
    public string NameOf(int number) => $"{_name}{number}";

    public NotifyMessage MessageOf(int number) => new()
    {
        NotifyType = NotifyType.ChatMessageNotify,
        NewMessageInfo = new NotifyNewMessage { MessageInfo = new MessageInfo { MessageId = NameOf(number) } },
    };

    /// <summary>Null for an event of another ledger, which may be under way still when its clients have gone.</summary>
    public int? NumberOf(NotifyMessage message) => message.NewMessageInfo.MessageInfo.MessageId is { } name && name.StartsWith(_name, StringComparison.Ordinal)
        ? int.Parse(name.AsSpan(_name.Length), CultureInfo.InvariantCulture)
        : null;

    /// <summary>A device that follows the protocol gateway.notify.v2.</summary>
    /// <param name="user">One of the users.</param>
    /// <param name="session">His session.</param>
    /// <param name="addresses">Where it connects, in turn.</param>
    public FollowingClient Follow(string user, string session, params IReadOnlyList<Uri> addresses)
    {
        var client = new FollowingClient(this, user, session, addresses);
        _followers.Add(client);
        return client;
    }

    public PlainListener Listen(string user, string session, params IReadOnlyList<Uri> addresses)
    {
        var listener = new PlainListener(this, user, session, addresses);
        _listeners.Add(listener);
        return listener;
    }

    /// <summary>Makes an event.</summary>
    /// <param name="publishAsync">Publishes the event of this number, and says when it was kept; null when nobody knows whether it was.</param>
    public async Task<bool> PublishAsync(Func<int, Task<long?>> publishAsync)
    {
        var kept = new KeptEvent(Stopwatch.GetTimestamp());
        int number;
        lock (_lock)
        {
            number = _events.Count;
            _events.Add(kept);
        }

        kept.KeptAt = await publishAsync(number);
        kept.EndedAt = Stopwatch.GetTimestamp();
        return kept.KeptAt is not null;
    }

    /// <summary>Waits until all clients have the newest event and nothing is wrong: what nobody has been told of yet, he may be told next. Returns what is wrong then.</summary>
    /// <param name="ledgers">Once nothing is published any more.</param>
    /// <param name="mayMiss">Whether a plain client may miss an event; null when none may miss any.</param>
    public static async Task<Findings> SettleAsync(IReadOnlyCollection<Ledger> ledgers, Func<PlainListener, KeptEvent, bool>? mayMiss)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            var findings = new Findings();
            foreach (var ledger in ledgers)
            {
                findings.Add(ledger.Judge(mayMiss));
            }

            if ((findings.All.Count == 0 && ledgers.All(ledger => ledger.HaveCaughtUp())) || Stopwatch.GetElapsedTime(begin) > CatchUp)
            {
                return findings;
            }

            await Task.Delay(Look);
        }
    }

    /// <summary>Whether all clients have the newest event.</summary>
    public bool HaveCaughtUp()
    {
        var last = Events().Index().LastOrDefault(one => one.Item.KeptAt is not null);
        return last.Item is null || (_followers.All(client => client.Knows(last.Index, last.Item)) && _listeners.All(listener => listener.Knows(last.Index, last.Item)));
    }

    private Findings Judge(Func<PlainListener, KeptEvent, bool>? mayMiss)
    {
        var (events, findings) = (Events(), new Findings());
        foreach (var devices in _followers.GroupBy(client => client.User))
        {
            JudgeUser([.. devices], [.. _listeners.Where(listener => listener.User == devices.Key)], events, mayMiss, findings);
        }

        foreach (var listener in _listeners)
        {
            findings.Lost.AddRange(events.Index()
                .Where(one => one.Item.KeptAt is not null && !listener.Knows(one.Index, one.Item) && mayMiss?.Invoke(listener, one.Item) is not true)
                .Select(one => $"{listener}: event {one.Index} is missing, kept {Stopwatch.GetElapsedTime(one.Item.KeptAt!.Value).TotalSeconds:0.0} s ago"));
            findings.Doubled.AddRange(listener.Doubled().Select(number => $"{listener}: event {number} came again"));
        }

        return findings;
    }

    private static void JudgeUser(
        FollowingClient[] devices, PlainListener[] listeners, List<KeptEvent> events, Func<PlainListener, KeptEvent, bool>? mayMiss, Findings findings)
    {
        var (numbers, places) = (new Dictionary<Place, int>(), new Dictionary<int, Place>());
        foreach (var client in devices)
        {
            var missing = events.Index().Where(one => one.Item.KeptAt is not null && !client.Knows(one.Index, one.Item)).ToList();
            findings.Lost.AddRange(missing.Select(one => $"{client}: event {one.Index} is missing, and it was not told so"));
            findings.NotTold += missing.Count > 0 ? 1 : 0;
            findings.Doubled.AddRange(client.Doubled().Select(number => $"{client}: event {number} came again"));
            findings.Reloads += client.Reloads;
            foreach (var (place, number) in client.Places())
            {
                if (numbers.TryGetValue(place, out var other) && other != number)
                {
                    findings.Disordered.Add($"{client}: at {place} is event {number}, for another device it is {other}");
                }

                (numbers[place], places[number]) = (number, place);
            }
        }

        foreach (var listener in listeners)
        {
            // What was told early, without a number, may come in another order.
            var steady = listener.Told()
                .Where(told => places.ContainsKey(told.Number) && mayMiss?.Invoke(listener, events[told.Number]) is not true)
                .Select(told => (told.Number, told.Turn, Place: places[told.Number]));
            findings.Disordered.AddRange(steady.Zip(steady.Skip(1))
                .Where(pair => pair.First.Turn == pair.Second.Turn && pair.First.Place.Epoch == pair.Second.Place.Epoch && pair.First.Place.Sequence > pair.Second.Place.Sequence)
                .Select(pair => $"{listener}: event {pair.Second.Number} came after {pair.First.Number}"));
        }
    }

    private List<KeptEvent> Events()
    {
        lock (_lock)
        {
            return [.. _events];
        }
    }
}

/// <summary>Where an event stands among those of its user.</summary>
internal readonly record struct Place(string Epoch, ulong Sequence);

/// <summary>An event as the sub-service knows it. Times are of <see cref="Stopwatch"/>, which all processes of a machine share.</summary>
internal sealed class KeptEvent(long begunAt)
{
    public long BegunAt => begunAt;

    /// <summary>Null while, or because, nobody knows whether it was.</summary>
    public long? KeptAt { get; set; }

    public long EndedAt { get; set; } = long.MaxValue;
}

/// <summary>What is wrong after a fault.</summary>
internal sealed class Findings
{
    public List<string> Lost { get; } = [];

    public List<string> Doubled { get; } = [];

    public List<string> Disordered { get; } = [];

    /// <summary>What is there after a fault and should not be.</summary>
    public List<string> LeftBehind { get; } = [];

    /// <summary>Clients that keep count and miss something they were not told of.</summary>
    public int NotTold { get; set; }

    /// <summary>How often such clients were told to load anew.</summary>
    public int Reloads { get; set; }

    public IReadOnlyList<string> All => [.. Lost, .. Doubled, .. Disordered, .. LeftBehind];

    public void Add(Findings other)
    {
        Lost.AddRange(other.Lost);
        Doubled.AddRange(other.Doubled);
        Disordered.AddRange(other.Disordered);
        LeftBehind.AddRange(other.LeftBehind);
        NotTold += other.NotTold;
        Reloads += other.Reloads;
    }
}
