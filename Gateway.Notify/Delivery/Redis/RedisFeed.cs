using System.Diagnostics.CodeAnalysis;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// One user's feed as this node sees it: the sockets here, and the newest event they have been told. Everything passes one gate, so
/// that a socket that joins while events arrive neither misses nor repeats one.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The semaphore's wait handle, all there is to dispose of, is never made.")]
internal sealed partial class RedisFeed(string userId, HubStore store, NotifyOptions options, NotifyMetrics metrics, ILogger logger)
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly UserSockets _sockets = new();
    private readonly SeatRules _rules = SeatRules.Of(options);
    private FeedPosition _position;
    private RecentEvents? _recent;
    private ChannelMessageQueue? _subscription;
    private bool _retired;
    private volatile bool _outOfStep;

    public string UserId => userId;

    public bool IsRetired => _retired;

    /// <summary>When the feed was last compared with Redis.</summary>
    public long SyncedAt { get; set; }

    /// <summary>True when a notice may have gone unheard, so that the feed is to be compared with Redis soon.</summary>
    public bool IsOutOfStep => _outOfStep;

    /// <summary>The channel this node listens to; null before the first socket.</summary>
    public RedisChannel? Channel => _subscription?.Channel;

    /// <summary>Lets a connection in, or says why not. Null in place of an answer when this feed has been retired: take a new one.</summary>
    public async Task<(bool Done, CloseReason? Refusal)> TryJoinAsync(JoinRequest request, CancellationToken cancellationToken)
    {
        var connection = request.Connection;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_retired)
            {
                return (false, null);
            }

            if (!_sockets.HasRoom(connection, request.Predecessor, _rules, options.MaxConnectionsPerUser))
            {
                return (true, CloseReason.TooManyConnections);
            }

            await ListenAsync(cancellationToken);
            if (await store.JoinAsync(connection, request.Predecessor, cancellationToken) is not { } position)
            {
                return (true, CloseReason.TooManyConnections);
            }

            if (_sockets.Count == 0)
            {
                _position = position;
            }
            else if (_position.Epoch != position.Epoch)
            {
                BeginEpoch(position);
            }

            _sockets.Add(connection);
            if (request.Greeting is { } greeting)
            {
                connection.TryEnqueue(greeting(_position));
            }

            if (request.Resume is { } from)
            {
                await ReplayAsync(connection, from, cancellationToken);
            }

            return (true, null);
        }
        finally
        {
            await RetireIfEmptyAsync();
            _gate.Release();
        }
    }

    /// <summary>Takes a connection out, here and in Redis. False when this feed has been retired.</summary>
    public async Task<bool> TryLeaveAsync(NotifyConnection connection)
    {
        await _gate.WaitAsync();
        try
        {
            if (_retired)
            {
                return false;
            }

            if (_sockets.Remove(connection))
            {
                connection.Position = _position;
            }

            await store.LeaveForGoodAsync(userId, connection.Id, CancellationToken.None);
            return true;
        }
        finally
        {
            await RetireIfEmptyAsync();
            _gate.Release();
        }
    }

    public Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken) =>
        WithGateAsync(() => ReplayAsync(connection, from, cancellationToken));

    /// <summary>Tells an event that could not be taken to Redis; its number comes later.</summary>
    public Task DeliverAheadAsync(HubEvent hubEvent) => WithGateAsync(() =>
    {
        if (_recent?.Contains(hubEvent.Id) != true)
        {
            _sockets.DeliverAhead(hubEvent);
        }

        return Task.CompletedTask;
    });

    public Task DisconnectAsync(string? sessionId) => WithGateAsync(() =>
    {
        _sockets.Disconnect(sessionId);
        return Task.CompletedTask;
    });

    public Task HeartbeatAsync() => WithGateAsync(() =>
    {
        _sockets.TellExtended(ExtendedFrames.Heartbeat(_position));
        return Task.CompletedTask;
    });

    /// <summary>Compares with Redis: fetches events this node has missed, and takes seats again that were struck off wrongly.</summary>
    public Task SyncAsync(CancellationToken cancellationToken) => WithGateAsync(async () =>
    {
        _outOfStep = false;
        if (await store.SyncAsync(userId, cancellationToken) is var (position, seated)
            && position.Epoch == _position.Epoch
            && _sockets.All.All(connection => seated.Contains(connection.Id)))
        {
            await CatchUpAsync(position.Sequence, cancellationToken);
        }
        else
        {
            await ReseatAsync(cancellationToken);
        }
    });

    /// <summary>Tells Redis anew who is here, after it may have forgotten; and fetches events this node has missed.</summary>
    public Task ReassertAsync(CancellationToken cancellationToken) => WithGateAsync(async () =>
    {
        if (_sockets.Count == 0)
        {
            await store.LeaveAllAsync(userId, cancellationToken);
            await RetireIfEmptyAsync();
            return;
        }

        await store.AddLocalUserAsync(userId, cancellationToken);
        await ReseatAsync(cancellationToken);
        // What was published while the subscription was coming back is found by one more comparison.
        _outOfStep = true;
    });

    private async Task ReseatAsync(CancellationToken cancellationToken)
    {
        var (_, position) = await store.ReseatAsync(userId, _sockets.All, cancellationToken);
        if (position.Epoch != _position.Epoch)
        {
            BeginEpoch(position);
        }

        await CatchUpAsync(position.Sequence, cancellationToken);
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (_subscription is not null)
        {
            return;
        }

        var added = store.AddLocalUserAsync(userId, cancellationToken);
        _subscription = await store.SubscribeAsync(await store.ChannelAsync(userId, cancellationToken), cancellationToken);
        _subscription.OnMessage(OnMessageAsync);
        await added;
    }

    /// <summary>Called for one message after the other, in the order in which Redis sent them.</summary>
    private async Task OnMessageAsync(ChannelMessage message)
    {
        try
        {
            var notice = HubNotice.Parse((ReadOnlyMemory<byte>)message.Message);
            await WithGateAsync(() => ActOnAsync(notice));
        }
        catch (Exception exception)
        {
            // The next comparison with Redis finds what was missed.
            _outOfStep = true;
            Log.NoticeFailed(logger, userId, exception.GetType().Name);
        }
    }

    private async Task ActOnAsync(HubNotice? notice)
    {
        switch (notice)
        {
            case HubNotice.Event numbered:
                await OnEventAsync(numbered);
                break;
            case HubNotice.Kick kick:
                _sockets.Kick(kick.ConnectionIds);
                break;
            case HubNotice.Disconnect disconnect:
                _sockets.Disconnect(disconnect.SessionId);
                break;
            default:
                // Of a later version, or nobody's.
                break;
        }
    }

    private async Task OnEventAsync(HubNotice.Event notice)
    {
        var (epoch, sequence) = notice.Position;
        if (epoch != _position.Epoch)
        {
            BeginEpoch(new FeedPosition(epoch, sequence - 1));
        }

        if (sequence <= _position.Sequence)
        {
            return;
        }

        await CatchUpAsync(sequence - 1, CancellationToken.None);
        var hubEvent = notice.HubEvent;
        if (notice.IsElsewhere)
        {
            if (await store.FetchLargeAsync(hubEvent.Id, CancellationToken.None) is not { } body)
            {
                BeginEpoch(_position with { Sequence = sequence });
                return;
            }

            hubEvent = HubEvent.Of(hubEvent.Id, body.Span, hubEvent.PublishedAt);
        }

        Deliver(new NumberedEvent(sequence, hubEvent));
    }

    /// <summary>Fetches what this node has not heard of, up to a sequence.</summary>
    private async Task CatchUpAsync(ulong upTo, CancellationToken cancellationToken)
    {
        if (upTo <= _position.Sequence)
        {
            return;
        }

        foreach (var numbered in await store.ReadAsync(userId, _position.Sequence, upTo, cancellationToken))
        {
            if (numbered.Sequence != _position.Sequence + 1)
            {
                BeginEpoch(_position with { Sequence = numbered.Sequence - 1 });
            }

            Deliver(numbered);
        }

        if (_position.Sequence < upTo)
        {
            BeginEpoch(_position with { Sequence = upTo });
        }
    }

    private void Deliver(NumberedEvent numbered)
    {
        _position = _position with { Sequence = numbered.Sequence };
        (_recent ??= new RecentEvents()).Add(numbered.Event.Id);
        _sockets.Deliver(numbered);
    }

    /// <summary>Events are gone, or the count began anew: those who keep count are told.</summary>
    private void BeginEpoch(FeedPosition position)
    {
        _position = position;
        _sockets.TellExtended(ExtendedFrames.Resumed(false, position));
    }

    private async Task ReplayAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken)
    {
        IReadOnlyList<NumberedEvent>? events = null;
        if (from.Epoch == _position.Epoch && from.Sequence <= _position.Sequence)
        {
            events = from.Sequence == _position.Sequence ? [] : await store.ReadAsync(userId, from.Sequence, _position.Sequence, cancellationToken);
            events = (ulong)events.Count == _position.Sequence - from.Sequence ? events : null;
        }

        Replay.Send(connection, from, _position, events, metrics);
    }

    /// <summary>With the last socket gone, Redis need not remember this node for the user; should it not answer, it is put right later.</summary>
    private async Task RetireIfEmptyAsync()
    {
        if (_sockets.Count > 0 || _retired)
        {
            return;
        }

        _retired = true;
        try
        {
            if (_subscription is { } subscription)
            {
                await subscription.UnsubscribeAsync(CommandFlags.FireAndForget);
            }

            await store.RemoveLocalUserAsync(userId, CancellationToken.None);
        }
        catch (Exception exception) when (RedisBus.IsOfRedis(exception))
        {
            Log.NoticeFailed(logger, userId, exception.GetType().Name);
        }
    }

    private async Task WithGateAsync(Func<Task> act)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_retired)
            {
                await act();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2022, LogLevel.Debug, "A notice for user '{UserId}' could not be followed ({Failure})", EventName = "HubNoticeFailed")]
        public static partial void NoticeFailed(ILogger logger, string userId, string failure);
    }
}
