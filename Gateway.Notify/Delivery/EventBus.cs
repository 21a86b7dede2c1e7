using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Delivery;

/// <summary>The sockets of this node by user, and what a store tells them. Whether the store is this process or Redis makes no difference here.</summary>
internal sealed class EventBus : BackgroundService, IEventBus
{
    private readonly IHubStore _store;
    private readonly NotifyOptions _options;
    private readonly SeatRules _rules;
    private readonly NotifyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IPresenceHook? _hook;
    private readonly LocalBucket[] _buckets;
    private volatile bool _keepsAll = true;

    public EventBus(IHubStore store, IOptions<NotifyOptions> options, NotifyMetrics metrics, TimeProvider time, ILogger<EventBus> logger, IPresenceHook? hook = null)
    {
        _store = store;
        _options = options.Value;
        _rules = SeatRules.Of(_options);
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _hook = hook;
        _buckets = [.. Enumerable.Range(0, store.Buckets).Select(_ => new LocalBucket())];
        store.Attach(this);
    }

    public bool IsDegraded => _store.IsDegraded;

    public async Task<bool> PublishAsync(IReadOnlyList<string> recipients, HubEvent hubEvent, CancellationToken cancellationToken)
    {
        var work = recipients.Count == 1
            ? _store.PublishAsync(BucketOf(recipients[0]), hubEvent, recipients).AsTask()
            : PublishToManyAsync(recipients, hubEvent);
        try
        {
            return await work.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The caller waits no longer; the event is delivered all the same.
            return false;
        }
    }

    public void TellHere(string userId, HubEvent hubEvent) => TellEarly(BucketOf(userId), hubEvent, [userId], plainOnly: false);

    public void MayHaveMissed()
    {
        _keepsAll = false;
        foreach (var bucket in _buckets)
        {
            lock (bucket)
            {
                // One that is about to be told where it stands is told so there.
                foreach (var connection in bucket.All.Where(connection => connection is { IsExtended: true, Held: null }))
                {
                    connection.TryEnqueue(ExtendedFrames.Resumed(false, connection.Position));
                }
            }
        }
    }

    public async Task<CloseReason?> JoinAsync(JoinRequest request, CancellationToken cancellationToken)
    {
        var connection = request.Connection;
        if (request.Resume is not null && !connection.IsReadyForReplay())
        {
            return CloseReason.SlowConsumer;
        }

        var (number, bucket) = Find(connection.UserId);
        lock (bucket)
        {
            // 1. It is listed before it has a seat, so that nothing falls in between; what comes meanwhile is held.
            if (!bucket.TryAdd(connection, request.Predecessor, _rules, _options.MaxConnectionsPerUser))
            {
                return CloseReason.TooManyConnections;
            }
        }

        var outcome = JoinOutcome.OutOfReach;
        try
        {
            // 2. A seat.
            if (request.Resume is not null)
            {
                await TakeTurnAsync(bucket, connection, cancellationToken);
            }

            var asked = _store.JoinAsync(number, connection, request.Predecessor, request.Resume);
            var answer = asked.IsCompletedSuccessfully ? asked.Result : await asked.AsTask().WaitAsync(cancellationToken);
            outcome = answer.Outcome;
            if (answer.IsFirst)
            {
                _hook?.Came(connection.UserId);
            }

            // 3. What it has to know, then what has been held.
            lock (bucket)
            {
                if (outcome == JoinOutcome.Seated)
                {
                    UserSockets.Place(connection, answer.Missed.Top);
                    if (request.Greeting is { } greeting)
                    {
                        connection.TryEnqueue(greeting(connection.Position));
                    }

                    if (request.Resume is { } from)
                    {
                        Replay(connection, from, answer.Missed);
                    }

                    UserSockets.Release(connection);
                }
            }
        }
        finally
        {
            if (outcome != JoinOutcome.Seated)
            {
                Remove(bucket, connection);
            }
        }

        return outcome switch
        {
            JoinOutcome.Seated => null,
            JoinOutcome.Full => CloseReason.TooManyConnections,
            _ => CloseReason.EventStoreDown,
        };
    }

    public async Task<Departure?> LeaveAsync(NotifyConnection connection)
    {
        var (number, bucket) = Find(connection.UserId);
        Remove(bucket, connection);
        // Even if it was not let in: its seat may have been given, and the answer lost.
        return await _store.LeaveAsync(number, connection);
    }

    public async Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken)
    {
        var (number, bucket) = Find(connection.UserId);
        await TakeTurnAsync(bucket, connection, cancellationToken);
        if (!connection.IsReadyForReplay())
        {
            connection.Close(CloseReason.SlowConsumer);
            return;
        }

        lock (bucket)
        {
            if (bucket.Find(connection.UserId)?.All.Contains(connection) is not true)
            {
                // Its session has ended meanwhile, or another has its seat.
                return;
            }

            UserSockets.Hold(connection);
        }

        if (await _store.FindMissedAsync(number, connection.UserId, from) is not { } missed)
        {
            // It waits for the answer, and drops what comes before it; so it has to ask another time, of a node that can tell.
            connection.Close(CloseReason.EventStoreDown);
            return;
        }

        lock (bucket)
        {
            UserSockets.Place(connection, missed.Top);
            Replay(connection, from, missed);
            UserSockets.Release(connection);
        }
    }

    public Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken) =>
        _store.FindAsync(BucketOf(userId), userId, cancellationToken);

    public async Task<IReadOnlyList<Newest>> FindNewestAsync(IReadOnlyList<NotifyConnection> connections)
    {
        var found = new List<Newest>(connections.Count);
        foreach (var some in connections.GroupBy(connection => BucketOf(connection.UserId)))
        {
            found.AddRange(await _store.FindNewestAsync(some.Key, [.. some]));
        }

        return found;
    }

    public async Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken)
    {
        // Those of this node at once, whatever becomes of the question.
        Deliver(BucketOf(userId), new Letter.Disconnect(userId, sessionId));
        await _store.DisconnectAsync(BucketOf(userId), userId, sessionId, cancellationToken);
    }

    /// <summary>Follows what the store says of users of one bucket; called for one letter after the other.</summary>
    public void Deliver(int bucket, Letter letter)
    {
        var local = _buckets[bucket];
        lock (local)
        {
            switch (letter)
            {
                case Letter.Event told:
                    foreach (var (userId, sequence) in told.Recipients)
                    {
                        local.Find(userId)?.Deliver(new NumberedEvent(sequence, told.HubEvent), told.Told, _options.MaxQueuedEvents);
                    }

                    break;
                case Letter.Kick kick:
                    local.Kick(kick.UserId, kick.ConnectionIds);
                    break;
                case Letter.Disconnect disconnect:
                    local.Find(disconnect.UserId)?.Disconnect(disconnect.SessionId);
                    break;
            }
        }
    }

    /// <summary>Users whom an event was published to on this node have no socket anywhere.</summary>
    public void Missed(HubEvent hubEvent, IReadOnlyList<string> userIds) => _hook?.Missed(userIds, hubEvent.Type, hubEvent.Body);

    /// <summary>Tells this node's sockets an event that could not be numbered. Returns whom.</summary>
    public IReadOnlySet<NotifyConnection> TellEarly(int bucket, HubEvent hubEvent, IReadOnlyList<string> recipients, bool plainOnly)
    {
        var told = new HashSet<NotifyConnection>();
        lock (_buckets[bucket])
        {
            foreach (var userId in recipients)
            {
                if (_buckets[bucket].Find(userId) is { } sockets)
                {
                    told.UnionWith(sockets.TellEarly(hubEvent, plainOnly, _options.MaxQueuedEvents));
                }
            }
        }

        return told;
    }

    /// <summary>The sockets of a bucket, whether they are let in or about to be.</summary>
    public IReadOnlyList<NotifyConnection> SocketsOf(int bucket)
    {
        lock (_buckets[bucket])
        {
            return [.. _buckets[bucket].All];
        }
    }

    public int CountOf(int bucket) => _buckets[bucket].Count;

    /// <summary>Notes where the events of an extended client's user stand, as the store says after it has been out of reach.</summary>
    /// <param name="bucket">The bucket of the user.</param>
    /// <param name="connection">The socket.</param>
    /// <param name="top">Where they stand. Another epoch than before says that some may be gone.</param>
    public void Moved(int bucket, NotifyConnection connection, FeedPosition top)
    {
        lock (_buckets[bucket])
        {
            UserSockets.Move(connection, top);
        }
    }

    /// <summary>Tells the clients that have not been told all there is, so that they ask for it.</summary>
    public void TellBehind(int bucket) => Heartbeat(bucket, connection => connection.Top > connection.Position.Sequence);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.EveryAsync(
        _options.HeartbeatInterval,
        _time,
        () => Enumerable.Range(0, _buckets.Length),
        bucket =>
        {
            Heartbeat(bucket, _ => true);
            return Task.CompletedTask;
        },
        atOnce: 1,
        _logger,
        stoppingToken);

    private void Heartbeat(int bucket, Func<NotifyConnection, bool> isDue)
    {
        lock (_buckets[bucket])
        {
            foreach (var connection in _buckets[bucket].All.Where(connection => connection.IsExtended && isDue(connection)))
            {
                UserSockets.Heartbeat(connection);
            }
        }
    }

    /// <summary>A resume may read a megabyte from the store, and a client may ask on each of its sockets, or by connecting, again and again.</summary>
    private Task TakeTurnAsync(LocalBucket bucket, NotifyConnection connection, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (bucket)
        {
            wait = bucket.TakeTurn(connection.UserId, _time.GetElapsedTime(0));
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, _time, cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Answers a client that asks for what came after a position: with those events, or by saying that some of them are gone.</summary>
    private void Replay(NotifyConnection connection, FeedPosition from, Missed missed)
    {
        var (top, events) = _keepsAll ? missed : missed with { Events = null };
        connection.TryEnqueue(ExtendedFrames.Resumed(events is not null, events is null ? top : from), asReplay: true);
        foreach (var (sequence, hubEvent) in events ?? [])
        {
            connection.TryEnqueue(new Outbound(ExtendedFrames.EventHead(sequence, hubEvent.Body.Length), hubEvent), asReplay: true);
        }

        _metrics.Replayed(events?.Count ?? 0);
    }

    private async Task<bool> PublishToManyAsync(IReadOnlyList<string> recipients, HubEvent hubEvent) =>
        (await Task.WhenAll(recipients.GroupBy(BucketOf).Select(group => _store.PublishAsync(group.Key, hubEvent, [.. group]).AsTask()))).All(taken => taken);

    private static void Remove(LocalBucket bucket, NotifyConnection connection)
    {
        lock (bucket)
        {
            bucket.Remove(connection);
        }
    }

    private (int Number, LocalBucket Bucket) Find(string userId)
    {
        var number = BucketOf(userId);
        return (number, _buckets[number]);
    }

    /// <summary>The same on all nodes and in all versions: FNV-1a.</summary>
    private int BucketOf(string userId)
    {
        var hash = 2166136261;
        foreach (var character in userId)
        {
            hash = (hash ^ character) * 16777619;
        }

        return (int)((hash ^ (hash >> 16)) % (uint)_buckets.Length);
    }
}
