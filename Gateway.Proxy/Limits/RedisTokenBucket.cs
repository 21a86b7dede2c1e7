using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Redis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using SessionOptions = Gateway.Proxy.Sessions.SessionOptions;

namespace Gateway.Proxy.Limits;

/// <summary>Token buckets in Redis, which all gateways take from. One script, so that nobody comes in between.</summary>
internal sealed partial class RedisTokenBucket(
    RedisConnection connection, IOptions<SessionOptions> sessions, TimeProvider time, ILogger<RedisTokenBucket> logger)
{
    private const string KeyPrefix = "gateway:limit:";

    // The bucket is full when nobody has used it, and forgotten when it would be full again. Time is Redis's own, so that
    // gateways whose clocks differ agree. Returns how long to wait, in milliseconds; 0 means that a token was taken.
    private const string Script = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local permit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
        local tokens, at = tonumber(bucket[1]) or permit, tonumber(bucket[2]) or now
        tokens = math.min(permit, tokens + math.max(0, now - at) * permit / window)
        local wait = 0
        if tokens >= 1 then
          tokens = tokens - 1
        else
          wait = math.ceil((1 - tokens) * window / permit)
        end
        redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
        redis.call('PEXPIRE', KEYS[1], window)
        return wait
        """;

    private readonly TimeSpan _timeout = sessions.Value.LookupTimeout;
    private readonly RedisFaultLog _told = new(time);

    /// <summary>Takes one token.</summary>
    /// <returns>Zero when there was one, else how long until there is; null when Redis did not answer in time.</returns>
    public async ValueTask<TimeSpan?> TakeAsync(string name, string partition, RateLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            var redis = await connection.GetAsync().WaitAsync(_timeout, time, cancellationToken);
            var answer = redis.GetDatabase().ScriptEvaluateAsync(
                Script, [$"{KeyPrefix}{name}:{partition}"], [limit.Permit, (long)limit.Window.TotalMilliseconds]);
            // Nobody may be waiting when it fails.
            _ = answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return TimeSpan.FromMilliseconds((long)await answer.WaitAsync(_timeout, time, cancellationToken));
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            var fault = RedisFault.Of(e);
            if (_told.IsNews(fault))
            {
                Log.Down(logger, name, fault.Reason, limit.WhenRedisFails);
            }

            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1400, LogLevel.Warning, "The shared rate limit '{Name}' cannot be counted in Redis ({Failure}); meanwhile: {Effect}.", EventName = "SharedLimitDown")]
        public static partial void Down(ILogger logger, string name, string failure, StoreFailure effect);
    }
}
