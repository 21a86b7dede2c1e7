using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

/// <summary>Sessions as the user service writes them at login: a string key made of the session id, its value the user id.</summary>
internal sealed class RedisSessionStore : ISessionStore
{
    private readonly RedisConnection _connection;
    private readonly TimeProvider _time;
    private readonly SessionMetrics _metrics;
    private readonly SessionStoreOutage _outage;
    private readonly TimeSpan _timeout;
    private readonly SessionKeys _keys;

    public RedisSessionStore(
        RedisConnection connection,
        SessionKeys keys,
        IOptions<SessionOptions> options,
        TimeProvider time,
        SessionMetrics metrics,
        ILogger<RedisSessionStore> logger)
    {
        _connection = connection;
        _keys = keys;
        _time = time;
        _metrics = metrics;
        _outage = new SessionStoreOutage(time, logger);
        _timeout = options.Value.LookupTimeout;
    }

    public async ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var lookup = SessionLookup.StoreDown;
        Task<RedisValue>? answer = null;
        try
        {
            var redis = _connection.GetAsync();
            if (!redis.IsCompletedSuccessfully)
            {
                // Rare: in the first moments only.
                await redis.WaitAsync(_timeout, _time, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            answer = redis.Result.GetDatabase().StringGetAsync(_keys.KeyOf(sessionId));
            lookup = SessionLookup.Of(await answer.WaitAsync(Remaining(began), _time, cancellationToken));
            _outage.LookupSucceeded();
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // The key is somebody else's list or hash: Redis has answered, and it is no session.
            lookup = SessionLookup.NotFound;
            _outage.LookupSucceeded();
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Only the kind of failure: texts from Redis and its client may hold the session id.
            _outage.LookupFailed(e is RedisConnectionException broken ? $"{nameof(RedisConnectionException)}, {broken.FailureType}" : e.GetType().Name);
        }
        finally
        {
            if (answer is { IsCompleted: false })
            {
                Forget(answer);
            }
        }

        _metrics.LookedUp(lookup, _time.GetElapsedTime(began));
        return lookup;
    }

    /// <summary>Starts connecting, so that the first request finds a connection.</summary>
    public void Connect() => _ = _connection.GetAsync();

    /// <summary>Connecting and asking share one deadline.</summary>
    private TimeSpan Remaining(long began) => TimeSpan.FromTicks(Math.Max(0, (_timeout - _time.GetElapsedTime(began)).Ticks));

    /// <summary>Nobody waits for it any more, and its failure is no news.</summary>
    private static void Forget(Task<RedisValue> answer) =>
        answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
