using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Redis;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

/// <summary>Sessions as the user service writes them at login: a string key made of the session id, its value the user id.</summary>
internal sealed partial class RedisSessionStore : ISessionStore
{
    private readonly RedisConnection _connection;
    private readonly TimeProvider _time;
    private readonly SessionMetrics _metrics;
    private readonly SessionStoreOutage _outage;
    private readonly TimeSpan _timeout;
    private readonly SessionKeys _keys;
    private readonly SessionBatches _batches;
    private readonly RedisFaultLog _told;
    private readonly ILogger _logger;

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
        _logger = logger;
        _told = new RedisFaultLog(time);
        _outage = new SessionStoreOutage(time, logger);
        _timeout = options.Value.LookupTimeout;
        _batches = new SessionBatches(_timeout, time, logger);
    }

    /// <summary>Sessions cannot be looked up, as the last look-ups tell.</summary>
    public bool IsDown => _outage.IsDown;

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
                // Only until the first connection stands.
                await redis.WaitAsync(_timeout, _time, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            answer = _batches.AskAsync(redis.Result.GetDatabase(), _keys.KeyOf(sessionId));
            lookup = SessionLookup.Of(await answer.WaitAsync(Remaining(began), _time, cancellationToken));
            _outage.LookupSucceeded();
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            lookup = Judge(RedisFault.Of(e));
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

    private SessionLookup Judge(RedisFault fault)
    {
        if (fault.Kind != RedisFaultKind.NameRefused)
        {
            _outage.LookupFailed(fault.Reason);
            return SessionLookup.StoreDown;
        }

        // Redis has answered, and what the client has named is no session, whatever it is. Otherwise any client could cause the alarm of an outage.
        _outage.LookupSucceeded();
        if (_told.IsNews(fault))
        {
            Log.LookupRefused(_logger, fault.Reason, _keys.KeyOf("*"));
        }

        return SessionLookup.NotFound;
    }

    /// <summary>Connecting and asking share one deadline.</summary>
    private TimeSpan Remaining(long began) => TimeSpan.FromTicks(Math.Max(0, (_timeout - _time.GetElapsedTime(began)).Ticks));

    /// <summary>Nobody waits for it any more, and its failure is no news.</summary>
    private static void Forget(Task<RedisValue> answer) =>
        answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static partial class Log
    {
        [LoggerMessage(1205, LogLevel.Warning,
            "Redis refuses a session look-up ({Failure}), so it counts as no session. A client may have named a key that is not for it; if real sessions are refused, give the gateway's Redis user the right to GET '{Keys}', or correct Gateway:Sessions:KeyPattern.",
            EventName = "SessionLookupRefused")]
        public static partial void LookupRefused(ILogger logger, string failure, string keys);
    }
}

/// <summary>The Redis keys of sessions, by <see cref="SessionOptions.KeyPattern"/>, and of online markers, by <see cref="SessionOptions.MarkerKeyPattern"/>.</summary>
internal sealed class SessionKeys(IOptions<SessionOptions> options)
{
    private readonly string[] _session = options.Value.KeyPattern.Split(SessionOptions.Placeholder);
    private readonly string[] _marker = options.Value.MarkerKeyPattern.Split(SessionOptions.UserPlaceholder);

    public string KeyOf(string sessionId) => _session[0] + sessionId + _session[1];

    public string MarkerOf(string userId) => _marker[0] + userId + _marker[1];
}
