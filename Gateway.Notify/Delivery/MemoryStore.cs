using System.Security.Cryptography;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Delivery;

/// <summary>The store of a gateway that is the only one: everything stays in this process's memory, and every answer comes at once.</summary>
internal sealed class MemoryStore(IOptions<NotifyOptions> options, NodeName node, TimeProvider time) : IHubStore
{
    // No more than locks here, so that no user waits long for another.
    private const int LockCount = 16;
    private const int EpochBytes = 8;

    private readonly NotifyOptions _options = options.Value;
    private readonly SeatRules _rules = SeatRules.Of(options.Value);
    private readonly HistoryMemory _memory = new(options.Value.ReplayMemory);
    private readonly Bucket[] _buckets = [.. Enumerable.Range(0, LockCount).Select(_ => new Bucket())];
    private EventBus? _bus;

    public int Buckets => LockCount;

    public bool IsDegraded => false;

    public void Attach(EventBus bus) => _bus = bus;

    public ValueTask<bool> PublishAsync(int bucket, HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        lock (_buckets[bucket])
        {
            var told = new List<Recipient>(recipients.Count);
            var missing = _options.ReportsPresence ? new List<string>() : null;
            foreach (var userId in recipients)
            {
                if (_buckets[bucket].Users.TryGetValue(userId, out var user))
                {
                    told.Add(new Recipient(userId, user.Number(hubEvent)));
                }

                if (user is not { Seats.Count: > 0 })
                {
                    missing?.Add(userId);
                }
            }

            if (missing?.Count > 0)
            {
                _bus!.Missed(hubEvent, missing);
            }

            if (told.Count > 0)
            {
                _bus!.Deliver(bucket, new Letter.Event(hubEvent, told));
            }
        }

        return new(true);
    }

    public ValueTask<JoinAnswer> JoinAsync(int bucket, NotifyConnection connection, string predecessor, FeedPosition? resume)
    {
        var users = _buckets[bucket].Users;
        lock (_buckets[bucket])
        {
            if (!users.TryGetValue(connection.UserId, out var user))
            {
                user = new User();
            }

            if (_rules.MakeRoom(user.Seats, connection, predecessor) is not { } leaving)
            {
                return new(new JoinAnswer(JoinOutcome.Full));
            }

            users[connection.UserId] = user;
            var departing = _buckets[bucket].Departures.GetValueOrDefault(connection.UserId);
            var isFirst = user.Seats.Count == 0 && departing?.DueAt is null;
            departing?.DueAt = null;
            if (leaving.Count > 0)
            {
                user.Seats.RemoveAll(leaving.Contains);
                _bus!.Deliver(bucket, new Letter.Kick(connection.UserId, [.. leaving.Select(old => old.Id)]));
            }

            user.Seats.Add(connection);
            if (connection.IsExtended && user.History is null)
            {
                user.History = new EventHistory(_options, _memory);
                user.Top = new FeedPosition(RandomNumberGenerator.GetHexString(2 * EpochBytes, lowercase: true), 0);
            }

            return new(new JoinAnswer(JoinOutcome.Seated, resume is { } from ? user.MissedAfter(from) : new Missed(user.Top, null), isFirst));
        }
    }

    public ValueTask<Departure?> LeaveAsync(int bucket, NotifyConnection connection)
    {
        var (users, departures) = (_buckets[bucket].Users, _buckets[bucket].Departures);
        lock (_buckets[bucket])
        {
            if (!users.TryGetValue(connection.UserId, out var user) || !user.Seats.Remove(connection))
            {
                return default;
            }

            var wasLast = user.Seats.Count == 0;
            if (wasLast)
            {
                user.EmptySince = time.GetUtcNow();
                if (user.History is null)
                {
                    users.Remove(connection.UserId);
                }
            }

            if (_options.OnLastDisconnect == LastDisconnect.Logout || (_options.HasDepartures && wasLast))
            {
                if (!departures.TryGetValue(connection.UserId, out var departing))
                {
                    departures[connection.UserId] = departing = new Departing();
                }

                departing.Sessions.Add(connection.SessionId);
                if (wasLast)
                {
                    var grace = _options.GraceOf(connection.LeavesInOrder);
                    departing.DueAt = time.GetUtcNow() + (grace ?? Departure.ClaimLife);
                    return new(grace is null ? departing.TakenOn(bucket, connection.UserId) : null);
                }
            }
        }

        return default;
    }

    public ValueTask<Missed?> FindMissedAsync(int bucket, string userId, FeedPosition from)
    {
        lock (_buckets[bucket])
        {
            return new(_buckets[bucket].Users.TryGetValue(userId, out var user) ? user.MissedAfter(from) : null);
        }
    }

    public Task<IReadOnlyList<SocketInfo>> FindAsync(int bucket, string userId, CancellationToken cancellationToken)
    {
        lock (_buckets[bucket])
        {
            return Task.FromResult<IReadOnlyList<SocketInfo>>(_buckets[bucket].Users.TryGetValue(userId, out var user)
                ? [.. user.Seats.Select(socket => new SocketInfo(socket.Id, node.Value, socket.IsExtended, socket.JoinedAt))]
                : []);
        }
    }

    public ValueTask<IReadOnlyList<Newest>> FindNewestAsync(int bucket, IReadOnlyList<NotifyConnection> connections)
    {
        lock (_buckets[bucket])
        {
            return new([.. connections.Select(connection =>
            {
                var seats = _buckets[bucket].Users.GetValueOrDefault(connection.UserId)?.Seats;
                return new Newest(connection, seats?.LastOrDefault() == connection, seats?.LastOrDefault(seat => seat.SessionId == connection.SessionId) == connection);
            })]);
        }
    }

    /// <summary>All sockets are of this node, which has closed them.</summary>
    public Task DisconnectAsync(int bucket, string userId, string? sessionId, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Also forgets those who have not come back to resume.</summary>
    public Task<IReadOnlyList<DueUser>> FindDueAsync(bool isStopping, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        List<DueUser> due = [];
        for (var number = 0; number < _buckets.Length; number++)
        {
            var bucket = _buckets[number];
            lock (bucket)
            {
                foreach (var (userId, user) in bucket.Users.Where(user => user.Value.Seats.Count == 0 && now - user.Value.EmptySince > _options.ReplayAge).ToArray())
                {
                    user.History?.Clear();
                    bucket.Users.Remove(userId);
                }

                due.AddRange(bucket.Departures.Where(user => IsDue(user.Value, isStopping)).Select(user => new DueUser(number, user.Key)));
            }
        }

        return Task.FromResult<IReadOnlyList<DueUser>>(due);
    }

    public Task<Departure?> ClaimAsync(DueUser user, bool isStopping, CancellationToken cancellationToken)
    {
        lock (_buckets[user.Bucket])
        {
            return Task.FromResult(_buckets[user.Bucket].Departures.TryGetValue(user.UserId, out var departing) && IsDue(departing, isStopping)
                ? departing.TakenOn(user.Bucket, user.UserId)
                : null);
        }
    }

    public Task<bool> SettleAsync(Departure departure, CancellationToken cancellationToken)
    {
        var departures = _buckets[departure.Bucket].Departures;
        lock (_buckets[departure.Bucket])
        {
            return Task.FromResult(departures.TryGetValue(departure.UserId, out var departing) && departing.Claim == departure.Claim
                && departures.Remove(departure.UserId));
        }
    }

    private bool IsDue(Departing user, bool isStopping) => user.DueAt <= time.GetUtcNow() || (isStopping && user.DueAt is not null);

    private sealed class Bucket
    {
        public Dictionary<string, User> Users { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, Departing> Departures { get; } = new(StringComparer.Ordinal);
    }

    private sealed class User
    {
        public List<NotifyConnection> Seats { get; } = new(1);

        /// <summary>Null where nobody counts.</summary>
        public EventHistory? History { get; set; }

        public FeedPosition Top { get; set; }

        public DateTimeOffset EmptySince { get; set; }

        public ulong Number(HubEvent hubEvent)
        {
            if (History is null)
            {
                return 0;
            }

            Top = Top with { Sequence = Top.Sequence + 1 };
            History.Add(new NumberedEvent(Top.Sequence, hubEvent));
            return Top.Sequence;
        }

        public Missed MissedAfter(FeedPosition from) => new(Top, from.Epoch == Top.Epoch ? History?.After(from.Sequence, Top.Sequence) : null);
    }

    /// <summary>The sessions of the sockets that have left, and when the last one's grace is over; null when the user has come back.</summary>
    private sealed class Departing
    {
        public HashSet<string> Sessions { get; } = new(StringComparer.Ordinal);

        public DateTimeOffset? DueAt { get; set; }

        public string Claim => $"{DueAt:O}";

        public Departure TakenOn(int bucket, string userId) => new(bucket, userId, [.. Sessions], Claim);
    }
}
