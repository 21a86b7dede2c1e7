using System.Collections.Concurrent;
using Gateway.Notify.Connections;
using Gateway.Notify.Presence;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Delivery;

/// <summary>The bus of a gateway that is the only one: everything stays in this process's memory.</summary>
internal sealed class InProcessBus(IOptions<NotifyOptions> options, Departures departures, NodeName node, NotifyMetrics metrics, TimeProvider time, ILogger<InProcessBus> logger)
    : BackgroundService, IEventBus
{
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, InProcessFeed> _feeds = new(StringComparer.Ordinal);
    private readonly HistoryMemory _memory = new(options.Value.ReplayMemory);
    private readonly SeatRules _rules = SeatRules.Of(options.Value);

    public bool IsDegraded => false;

    public int LocalUsers => _feeds.Count(feed => feed.Value.EmptySince is null);

    public Task PublishAsync(IReadOnlyList<string> recipients, HubEvent hubEvent, CancellationToken cancellationToken)
    {
        foreach (var recipient in recipients)
        {
            if (_feeds.TryGetValue(recipient, out var feed))
            {
                feed.Deliver(hubEvent);
            }
        }

        return Task.CompletedTask;
    }

    public Task<CloseReason?> JoinAsync(JoinRequest request, CancellationToken cancellationToken)
    {
        CloseReason? refusal;
        var userId = request.Connection.UserId;
        while (!_feeds.GetOrAdd(userId, _ => new InProcessFeed(options.Value, _rules, _memory, metrics)).TryJoin(request, out refusal))
        {
            // The user's last connection left at this very moment; its feed is about to be removed, so the next turn makes a new one.
            Thread.Yield();
        }

        departures.CameBack(userId);
        return Task.FromResult(refusal);
    }

    public Task LeaveAsync(NotifyConnection connection)
    {
        if (_feeds.TryGetValue(connection.UserId, out var feed))
        {
            if (feed.Leave(connection, time.GetUtcNow().ToUnixTimeMilliseconds(), out var wasLast))
            {
                _feeds.TryRemove(new KeyValuePair<string, InProcessFeed>(connection.UserId, feed));
            }

            departures.Left(connection.UserId, connection.SessionId, wasLast);
        }

        return Task.CompletedTask;
    }

    public Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken)
    {
        if (_feeds.TryGetValue(connection.UserId, out var feed))
        {
            feed.Resume(connection, from);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SocketInfo>>(_feeds.TryGetValue(userId, out var feed)
            ? [.. feed.Sockets().Select(socket => new SocketInfo(socket.Id, node.Value, socket.IsExtended, socket.JoinedAt))]
            : []);

    public Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken)
    {
        if (_feeds.TryGetValue(userId, out var feed))
        {
            feed.Disconnect(sessionId);
        }

        return Task.CompletedTask;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        EveryAsync(options.Value.HeartbeatInterval, feed => feed.Value.Heartbeat(), stoppingToken),
        EveryAsync(ForgetInterval, Forget, stoppingToken));

    private void Forget(KeyValuePair<string, InProcessFeed> feed)
    {
        if (feed.Value.RetireIfForgotten(time.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            _feeds.TryRemove(feed);
        }
    }

    private Task EveryAsync(TimeSpan interval, Action<KeyValuePair<string, InProcessFeed>> act, CancellationToken stoppingToken) =>
        Rounds.EveryAsync(interval, time, () => _feeds, feed =>
        {
            act(feed);
            return Task.CompletedTask;
        }, atOnce: 1, logger, stoppingToken);
}
