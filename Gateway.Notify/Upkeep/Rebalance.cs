using Gateway.Notify.Connections;
using Gateway.Notify.Delivery.Redis;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Upkeep;

/// <summary>
/// Sends some sockets away each second while this node has far more than others: a socket stays where it is, so without that nodes that are added would
/// get new ones only. Clients of gateway.notify.v2 are told as at shutdown, and lose nothing.
/// </summary>
internal sealed partial class Rebalance(
    OpenSockets open, NotifyDrain drain, RedisCalls redis, RedisStore store, NotifyMetrics metrics, IOptions<NotifyOptions> options, TimeProvider time,
    ILogger<Rebalance> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly NotifyOptions _options = options.Value;
    private readonly FairShare _share = new(options.Value);

    /// <summary>Whether clients can connect here. A gateway for requests alone must not count as a node without sockets.</summary>
    public bool TakesPart { get; set; }

    private bool IsOn => TakesPart && _options.RebalanceRate > 0;

    /// <summary>This node does not count any more.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await (IsOn ? LookAsync() : Task.CompletedTask);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => IsOn
        ? Rounds.EveryAsync(Interval, time, () => (FairShare[])[_share], _ => LookAsync(), atOnce: 1, logger, stoppingToken)
        : Task.CompletedTask;

    private async Task LookAsync()
    {
        var own = open.All.Count(IsServed);
        try
        {
            var nodes = await redis.ShareAsync(drain.IsDraining ? null : _share.CountWithUnderWay(own, Now()));
            // While Redis fails some users, they would not be let in elsewhere.
            if (!drain.IsDraining && !store.IsDegraded)
            {
                SendAway(own, nodes);
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            store.Failed(exception);
        }
    }

    private void SendAway(int own, IReadOnlyDictionary<string, int> nodes)
    {
        var (wasAbove, wasStuck) = (_share.IsAbove, _share.IsStuck);
        var most = _share.Surplus(own, nodes);
        if (_share.IsAbove && !wasAbove)
        {
            Log.Begun(logger, own, nodes.Count, (int)_share.Mean);
        }

        if (_share.IsStuck && !wasStuck)
        {
            Log.Stuck(logger, own, nodes.Count, (int)_share.Mean);
        }

        var oldest = time.GetUtcNow() - _options.RebalanceMinimumAge;
        var old = open.All.Where(connection => IsServed(connection) && connection.JoinedAt <= oldest);
        NotifyConnection[] sent =
            [.. old.Where(connection => connection.IsExtended).Concat(old.Where(connection => _options.RebalancePlain && !connection.IsExtended)).Take(most)];
        var notice = ExtendedFrames.Drain(_options.DrainReconnectDelay, _options.DrainReconnectJitter);
        foreach (var connection in sent)
        {
            connection.SendAway(notice);
        }

        _share.Sent(sent.Length, Now() + _options.DrainReconnectDelay + _options.DrainReconnectJitter);
        metrics.Rebalanced(sent.Length);
    }

    private TimeSpan Now() => time.GetElapsedTime(0);

    private static bool IsServed(NotifyConnection connection) => connection is { Id.Length: > 0, Closing: null, ExpiresAt: null };

    private static partial class Log
    {
        [LoggerMessage(2050, LogLevel.Information,
            "This node has {Sockets} sockets, and the {Nodes} nodes have {Mean} on average: some are closed each second, so that the others get their share", EventName = "RebalanceBegun")]
        public static partial void Begun(ILogger logger, int sockets, int nodes, int mean);

        [LoggerMessage(2051, LogLevel.Warning,
            "This node has closed as many sockets as it had, and still has {Sockets}, while the {Nodes} nodes have {Mean} on average; it closes no more until a node comes. Look whether the load balancer sends clients to all nodes",
            EventName = "RebalanceStuck")]
        public static partial void Stuck(ILogger logger, int sockets, int nodes, int mean);
    }
}
