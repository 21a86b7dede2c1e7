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
        var lookup = await LookUpAsync(sessionId, cancellationToken);
        _metrics.LookedUp(lookup, _time.GetElapsedTime(began));
        return lookup;
    }

    /// <summary>Starts connecting, so that the first request finds a connection.</summary>
    public void Connect() => _ = _connection.GetAsync();

    private async ValueTask<SessionLookup> LookUpAsync(string sessionId, CancellationToken cancellationToken)
    {
        try
        {
            var lookup = SessionLookup.Of(await GetAsync(_keys.KeyOf(sessionId), cancellationToken));
            _outage.LookupSucceeded();
            return lookup;
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // The key is somebody else's list or hash: Redis has answered, and it is no session.
            _outage.LookupSucceeded();
            return SessionLookup.NotFound;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Only the kind of failure: texts from Redis and its client may hold the session id.
            _outage.LookupFailed(e is RedisConnectionException broken ? $"{nameof(RedisConnectionException)}, {broken.FailureType}" : e.GetType().Name);
            return SessionLookup.StoreDown;
        }
    }

    private async Task<string?> GetAsync(RedisKey key, CancellationToken cancellationToken)
    {
        var remaining = _timeout;
        var connecting = _connection.GetAsync();
        if (!connecting.IsCompletedSuccessfully)
        {
            // Rare: in the first moments only. Both waits share one deadline.
            var began = _time.GetTimestamp();
            await connecting.WaitAsync(remaining, _time, cancellationToken);
            remaining = TimeSpan.FromTicks(Math.Max(0, (remaining - _time.GetElapsedTime(began)).Ticks));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var answer = (await connecting).GetDatabase().StringGetAsync(key);
        try
        {
            return await answer.WaitAsync(remaining, _time, cancellationToken);
        }
        catch (Exception) when (!answer.IsCompleted)
        {
            // Nobody waits for it any more, and its failure is no news.
            _ = answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }
}
