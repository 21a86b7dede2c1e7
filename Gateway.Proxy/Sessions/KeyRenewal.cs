using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Redis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

/// <summary>
/// Has keys of the user service live on in Redis. A key that is gone stays gone, one without a lifetime stays without, and none is made to end sooner.
/// What fails is told and counted; it comes up again after the interval.
/// </summary>
internal sealed partial class KeyRenewal(
    RedisConnection connection, SessionKeys keys, IOptions<SessionOptions> options, SessionMetrics metrics, TimeProvider time, ILogger<KeyRenewal> logger)
{
    // In one step: what is looked at cannot change before it is written. Redis 7 could say the same with PEXPIRE ... GT.
    private const string Script = """
        local renewed, gone = 0, 0
        for _, key in ipairs(KEYS) do
          local left = redis.call('PTTL', key)
          if left == -2 then
            gone = gone + 1
          elseif left >= 0 and left < tonumber(ARGV[1]) then
            redis.call('PEXPIRE', key, ARGV[1])
            renewed = renewed + 1
          end
        end
        return { renewed, gone }
        """;

    private const int KeysAtOnce = 100;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly RenewalOptions _renew = options.Value.Renew;
    private readonly RedisFaultLog _told = new(time);

    public Task RenewSessionsAsync(IReadOnlyCollection<string> sessionIds, CancellationToken cancellationToken) =>
        RenewAsync("session", sessionIds, keys.KeyOf, _renew.SessionTtl, cancellationToken);

    public Task RenewMarkersAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) =>
        RenewAsync("marker", userIds, keys.MarkerOf, _renew.MarkerTtl, cancellationToken);

    private async Task RenewAsync(string kind, IReadOnlyCollection<string> ids, Func<string, string> keyOf, TimeSpan life, CancellationToken cancellationToken)
    {
        if (life == TimeSpan.Zero)
        {
            return;
        }

        foreach (var some in ids.Chunk(KeysAtOnce))
        {
            try
            {
                var redis = await connection.GetAsync().WaitAsync(Timeout, time, cancellationToken);
                var (renewed, gone) = await ExtendAsync(redis, [.. some.Select(id => (RedisKey)keyOf(id))], (long)life.TotalMilliseconds).WaitAsync(Timeout, time, cancellationToken);
                metrics.Renewed(kind, "renewed", renewed);
                metrics.Renewed(kind, "gone", gone);
                metrics.Renewed(kind, "kept", some.Length - renewed - gone);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                metrics.Renewed(kind, "failed", some.Length);
                var fault = RedisFault.Of(exception);
                if (_told.IsNews(fault))
                {
                    Log.NotRenewed(logger, kind, fault.Reason);
                }
            }
        }
    }

    /// <summary>On a cluster each key is somewhere else, so each is a command of its own.</summary>
    private static async Task<(int Renewed, int Gone)> ExtendAsync(IConnectionMultiplexer redis, RedisKey[] some, long life)
    {
        var isCluster = redis.GetServers().Any(server => server.ServerType == ServerType.Cluster);
        RedisKey[][] steps = isCluster ? [.. some.Select(key => new[] { key })] : [some];
        var answers = await Task.WhenAll(steps.Select(step => redis.GetDatabase().ScriptEvaluateAsync(Script, step, [life])));
        var counts = answers.Select(answer => (int[])answer!).ToArray();
        return (counts.Sum(count => count[0]), counts.Sum(count => count[1]));
    }

    private static partial class Log
    {
        [LoggerMessage(1208, LogLevel.Warning,
            "The lifetime of a {Kind} could not be renewed in Redis ({Failure}); it is tried again after Gateway:Sessions:Renew:Interval.",
            EventName = "RenewalFailed")]
        public static partial void NotRenewed(ILogger logger, string kind, string failure);
    }
}
