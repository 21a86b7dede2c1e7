using Gateway.Notify.Presence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// Keeps this node known in Redis, brings everything back in order after Redis was away, and looks after what dead nodes and departed
/// users leave behind.
/// </summary>
internal sealed partial class BusKeeper(
    RedisBus bus,
    HubStore store,
    Outbox outbox,
    DepartureActions actions,
    NodeName node,
    NotifyMetrics metrics,
    IOptions<NotifyOptions> options,
    TimeProvider time,
    ILogger<BusKeeper> logger) : BackgroundService
{
    private const int AtOnce = 64;
    private const int BeatsPerTimeout = 6;

    private static readonly TimeSpan OutageInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long? _beatingSince;
    private long _lastBeat;
    private bool _hasReasserted;
    private IConnectionMultiplexer? _watched;

    /// <summary>The sockets have gone by now. What Redis still has of this node is taken away, so that the others do not miss it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await StrikeOffAsync(node.Value, null, cancellationToken);
        }
        catch (Exception exception) when (RedisBus.IsOfRedis(exception))
        {
            // The others strike it off when it has been silent for long enough.
            bus.Failed(exception);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(KeepAsync(stoppingToken), SyncAsync(stoppingToken));

    private async Task KeepAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TurnAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it was cut short by the stop.
                return;
            }
            catch (Exception exception)
            {
                _beatingSince = null;
                bus.Failed(exception);
                // Also where a right is missing: a node that cannot say that it is alive is nobody's.
                bus.Degrade(RedisFault.Of(exception).Reason);
            }

            await Task.Delay(bus.IsDegraded ? OutageInterval : options.Value.NodeTimeout / BeatsPerTimeout, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        Watch(await store.ConnectAsync(cancellationToken));
        var (wasUnknown, dead) = await store.BeatAsync(cancellationToken);
        var now = time.GetTimestamp();
        // Who has been away himself has no right to call others dead: they may just not have had their turn.
        if (_beatingSince is null || time.GetElapsedTime(_lastBeat, now) > options.Value.NodeTimeout)
        {
            _beatingSince = now;
        }

        _lastBeat = now;
        if (wasUnknown || !_hasReasserted || outbox.IsOpen)
        {
            _hasReasserted = false;
            if (!await IsListeningAsync(cancellationToken))
            {
                return;
            }

            await ReassertAsync(cancellationToken);
            _hasReasserted = true;
            await SendOutboxAsync(cancellationToken);
        }

        if (time.GetElapsedTime(_beatingSince.Value) > options.Value.NodeTimeout)
        {
            foreach (var (deadNode, lastBeat) in dead)
            {
                await bus.TryAsync(() => BuryAsync(deadNode, lastBeat, cancellationToken));
            }
        }

        await bus.TryAsync(() => TidyDepartedAsync(cancellationToken));
    }

    /// <summary>A lost connection may come back before the next beat, and nothing else would tell that notices went unheard.</summary>
    private void Watch(IConnectionMultiplexer redis)
    {
        if (ReferenceEquals(_watched, redis))
        {
            return;
        }

        _watched = redis;
        redis.ConnectionFailed += (_, failure) =>
        {
            if (failure.EndPoint is null || !redis.GetServer(failure.EndPoint).IsReplica)
            {
                bus.Degrade($"{failure.ConnectionType}, {failure.FailureType}");
            }
        };
    }

    /// <summary>After a broken connection the client listens again by itself; what is published before that would not be heard.</summary>
    private async Task<bool> IsListeningAsync(CancellationToken cancellationToken)
    {
        var redis = await store.ConnectAsync(cancellationToken);
        return bus.Feeds.All(feed => feed.Channel is not { } channel || HubStore.IsListening(redis, channel));
    }

    private async Task ReassertAsync(CancellationToken cancellationToken)
    {
        var listed = await store.LocalUsersAsync(cancellationToken);
        await Parallel.ForEachAsync(
            bus.Feeds.Select(feed => feed.UserId).Union(listed),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (userId, token) => await bus.TryAsync(() => bus.ReassertAsync(userId, token)));
    }

    private async Task SendOutboxAsync(CancellationToken cancellationToken)
    {
        var sent = 0;
        while (outbox.TryPeekOrClose(out var entry))
        {
            if (await bus.TryAsync(() => SendAsync(entry, cancellationToken)))
            {
                sent++;
            }
            else
            {
                metrics.Lost(1, "refused");
            }

            outbox.Sent();
        }

        Log.Recovered(logger, sent);
    }

    private async Task SendAsync(Outbox.Entry entry, CancellationToken cancellationToken)
    {
        var isElsewhere = await store.KeepLargeAsync(entry.HubEvent, cancellationToken);
        var mayHaveRun = entry.MayHaveRun;
        entry.MayHaveRun = true;
        await store.PublishAsync(entry.UserId, entry.HubEvent, isElsewhere, mayHaveRun, cancellationToken);
    }

    private async Task BuryAsync(string deadNode, long lastBeat, CancellationToken cancellationToken)
    {
        var users = await StrikeOffAsync(deadNode, lastBeat, cancellationToken);
        Log.NodeGone(logger, deadNode, users);
    }

    /// <summary>Takes all seats of a node, then its entry. Says how many users it held.</summary>
    private async Task<int> StrikeOffAsync(string goneNode, long? goneAt, CancellationToken cancellationToken)
    {
        var users = 0;
        while (await store.SomeUsersOfAsync(goneNode, AtOnce, cancellationToken) is { Count: > 0 } some)
        {
            await Task.WhenAll(some.Select(async userId =>
            {
                if (!await bus.TryAsync(() => store.LeaveAllAsync(userId, goneNode, goneAt, cancellationToken)))
                {
                    // Or he would be found again and again.
                    await store.RemoveUserAsync(goneNode, userId, cancellationToken);
                }
            }));
            users += some.Count;
        }

        await store.ForgetNodeAsync(goneNode, cancellationToken);
        return users;
    }

    private async Task TidyDepartedAsync(CancellationToken cancellationToken)
    {
        foreach (var (userId, claim) in await store.DueAsync(AtOnce, cancellationToken))
        {
            await bus.TryAsync(() => TidyDepartedAsync(userId, claim, cancellationToken));
        }
    }

    private async Task TidyDepartedAsync(string userId, string claim, CancellationToken cancellationToken)
    {
        if (options.Value.OnLastDisconnect == LastDisconnect.Keep || await store.IsOnlineAsync(userId, cancellationToken))
        {
            await store.SettleAsync(userId, claim, cancellationToken);
        }
        else if (await actions.TryTidyAsync(userId, await store.LeftSessionsAsync(userId, cancellationToken), logger, cancellationToken))
        {
            await store.ForgetLeftSessionsAsync(userId, cancellationToken);
            await store.SettleAsync(userId, claim, cancellationToken);
        }
    }

    /// <summary>Compares each feed with Redis now and then, and tells the clients that keep count where it stands.</summary>
    private Task SyncAsync(CancellationToken stoppingToken) => Rounds.EveryAsync(
        Interval,
        time,
        () => bus.Feeds.Where(feed => feed.IsOutOfStep || time.GetElapsedTime(feed.SyncedAt) >= options.Value.HeartbeatInterval),
        feed => SyncAsync(feed, stoppingToken),
        AtOnce,
        logger,
        stoppingToken);

    private async Task SyncAsync(RedisFeed feed, CancellationToken cancellationToken)
    {
        feed.SyncedAt = time.GetTimestamp();
        try
        {
            if (!bus.IsDegraded)
            {
                await feed.SyncAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (RedisBus.IsOfRedis(exception))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            bus.Failed(exception);
        }

        await feed.HeartbeatAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(2021, LogLevel.Information, "Redis takes events; {Count} that had waited have been sent", EventName = "HubConnected")]
        public static partial void Recovered(ILogger logger, int count);

        [LoggerMessage(2023, LogLevel.Warning, "Node '{Node}' is gone; the sockets of {Users} user(s) it held are struck off", EventName = "HubNodeGone")]
        public static partial void NodeGone(ILogger logger, string node, int users);
    }
}
