using System.Collections.Concurrent;
using Gateway.Notify.Connections;
using Gateway.Notify.Presence;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// The bus of many nodes. Redis numbers each user's events and keeps the newest; a node listens to the channels of the users whose
/// sockets it holds, so an event goes only where it is wanted.
/// </summary>
internal sealed partial class RedisBus(
    HubStore store, Outbox outbox, IOptions<NotifyOptions> options, NotifyMetrics metrics, TimeProvider time, ILogger<RedisBus> logger)
    : IEventBus
{
    private readonly ConcurrentDictionary<string, RedisFeed> _feeds = new(StringComparer.Ordinal);
    private readonly RedisFaultLog _told = new(time);

    public bool IsDegraded => outbox.IsOpen;

    public int LocalUsers => _feeds.Count;

    public IEnumerable<RedisFeed> Feeds => _feeds.Select(feed => feed.Value);

    public async Task PublishAsync(IReadOnlyList<string> recipients, HubEvent hubEvent, CancellationToken cancellationToken)
    {
        var isElsewhere = false;
        if (!outbox.IsOpen)
        {
            try
            {
                isElsewhere = await store.KeepLargeAsync(hubEvent, cancellationToken);
            }
            catch (Exception exception)
            {
                Failed(exception);
            }
        }

        await Task.WhenAll(recipients.Select(recipient => PublishAsync(recipient, hubEvent, isElsewhere, cancellationToken)));
    }

    public async Task<CloseReason?> JoinAsync(JoinRequest request, CancellationToken cancellationToken)
    {
        var userId = request.Connection.UserId;
        try
        {
            while (true)
            {
                var feed = FeedOf(userId);
                var (done, refusal) = await feed.TryJoinAsync(request, cancellationToken);
                ForgetIfRetired(userId);
                if (done)
                {
                    return refusal;
                }

                // The user's last connection left at this very moment; the next turn makes a new feed.
            }
        }
        catch (Exception exception) when (IsOfRedis(exception) && !HasGone(exception, cancellationToken))
        {
            ForgetIfRetired(userId);
            Failed(exception);
            return CloseReason.EventStoreDown;
        }
    }

    public async Task LeaveAsync(NotifyConnection connection)
    {
        try
        {
            if (_feeds.TryGetValue(connection.UserId, out var feed) && await feed.TryLeaveAsync(connection))
            {
                return;
            }

            // It was not let in, or another took its place; but its seat may have been given and the answer lost.
            await store.LeaveForGoodAsync(connection.UserId, connection.Id, CancellationToken.None);
        }
        catch (Exception exception) when (IsOfRedis(exception))
        {
            // Redis still lists the user under this node, and is put right when it is back.
            Failed(exception);
        }
        finally
        {
            ForgetIfRetired(connection.UserId);
        }
    }

    public async Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken)
    {
        if (_feeds.TryGetValue(connection.UserId, out var feed))
        {
            try
            {
                await feed.ResumeAsync(connection, from, cancellationToken);
            }
            catch (Exception exception) when (IsOfRedis(exception) && !HasGone(exception, cancellationToken))
            {
                // The client goes on asking at each heartbeat as long as it is behind.
                Failed(exception);
            }
        }
    }

    public Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken) => store.FindAsync(userId, cancellationToken);

    public async Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken)
    {
        if (_feeds.TryGetValue(userId, out var feed))
        {
            await feed.DisconnectAsync(sessionId);
        }

        await store.DisconnectAsync(userId, sessionId, cancellationToken);
    }

    /// <summary>Makes what Redis knows of a user's sockets on this node true again, whether there are any or not.</summary>
    public async Task ReassertAsync(string userId, CancellationToken cancellationToken)
    {
        await FeedOf(userId).ReassertAsync(cancellationToken);
        ForgetIfRetired(userId);
    }

    /// <summary>Does one thing for one user. False if Redis refuses it, which is told and concerns nobody else.</summary>
    public async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (RedisServerException exception) when (!RedisFault.Of(exception).IsOutage)
        {
            Failed(exception);
            return false;
        }
    }

    /// <summary>Notes that Redis has failed: an outage concerns everything, a refusal only what was asked.</summary>
    public void Failed(Exception exception)
    {
        var fault = RedisFault.Of(exception);
        if (fault.IsOutage)
        {
            Degrade(fault.Reason);
        }
        else if (_told.IsNews(fault))
        {
            Log.Refused(logger, fault.Reason, options.Value.KeyPrefix);
        }
    }

    /// <summary>Notes that Redis does not answer. From now on events wait, and this node's sockets are told at once.</summary>
    public void Degrade(string failure)
    {
        if (outbox.Open())
        {
            Log.Degraded(logger, failure);
        }
    }

    public static bool IsOfRedis(Exception exception) => exception is RedisException or TimeoutException or OperationCanceledException;

    /// <summary>Whoever waited has gone. What Redis has said all the same is said to nobody, but is no error of the gateway.</summary>
    private static bool HasGone(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException && cancellationToken.IsCancellationRequested;

    private async Task PublishAsync(string userId, HubEvent hubEvent, bool isElsewhere, CancellationToken cancellationToken)
    {
        if (!outbox.TryAdd(userId, hubEvent, mayHaveRun: false))
        {
            for (var isRetry = false; ; isRetry = true)
            {
                try
                {
                    await store.PublishAsync(userId, hubEvent, isElsewhere, mayHaveRun: isRetry, cancellationToken);
                    return;
                }
                catch (Exception exception) when (IsOfRedis(exception))
                {
                    if (!RedisFault.Of(exception).IsOutage)
                    {
                        Failed(exception);
                        metrics.Lost(1, "refused");
                        break;
                    }

                    if (isRetry || cancellationToken.IsCancellationRequested)
                    {
                        Failed(exception);
                        outbox.TryAdd(userId, hubEvent, mayHaveRun: true);
                        break;
                    }
                }
            }
        }

        if (_feeds.TryGetValue(userId, out var feed))
        {
            await feed.DeliverAheadAsync(hubEvent);
        }
    }

    private RedisFeed FeedOf(string userId) =>
        _feeds.GetOrAdd(userId, _ => new RedisFeed(userId, store, options.Value, metrics, logger) { SyncedAt = time.GetTimestamp() });

    private void ForgetIfRetired(string userId)
    {
        if (_feeds.TryGetValue(userId, out var feed) && feed.IsRetired)
        {
            _feeds.TryRemove(new KeyValuePair<string, RedisFeed>(userId, feed));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2020, LogLevel.Warning,
            "Redis does not take events ({Failure}); sockets of this node are served, those of others get theirs when it is back", EventName = "HubDegraded")]
        public static partial void Degraded(ILogger logger, string failure);

        [LoggerMessage(2024, LogLevel.Warning,
            "Redis refuses a step of the hub ({Failure}); give its user the rights that docs/configuration.md lists, on keys and channels '{KeyPrefix}*'", EventName = "HubRefused")]
        public static partial void Refused(ILogger logger, string failure, string keyPrefix);
    }
}
