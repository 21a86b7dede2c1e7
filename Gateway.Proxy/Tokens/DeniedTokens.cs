using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Redis;

namespace Gateway.Proxy.Tokens;

/// <summary>The tokens that were made invalid before their time: whoever ends a login writes a key to Redis.</summary>
/// <param name="connection">The connection.</param>
/// <param name="pattern">The key; empty where there are none.</param>
/// <param name="timeout">How long Redis may take.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told that Redis does not answer.</param>
internal sealed partial class DeniedTokens(RedisConnection connection, string pattern, TimeSpan timeout, TimeProvider time, ILogger<DeniedTokens> logger)
{
    private readonly RedisFaultLog _told = new(time);

    /// <summary>Whether tokens are asked for at all.</summary>
    public bool IsUsed => pattern.Length > 0;

    public void Connect() => _ = connection.GetAsync();

    /// <summary>Whether a token was made invalid; null when that cannot be found out. By EXISTS, which minds no kind of value: a list of another kind is no reason to let somebody in.</summary>
    public async ValueTask<bool?> ContainAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var redis = await connection.GetAsync().WaitAsync(timeout, time, cancellationToken);
            return await redis.GetDatabase().KeyExistsAsync(pattern.Replace(JwtOptions.Placeholder, id, StringComparison.Ordinal)).WaitAsync(timeout, time, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var fault = RedisFault.Of(exception);
            if (_told.IsNews(fault))
            {
                Log.NoAnswer(logger, fault.Reason);
            }

            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1222, LogLevel.Warning,
            "Redis does not say whether a token was made invalid ({Failure}), so nobody is let in with one. Look at Redis, or give the gateway's user the right '+exists' to the keys of Gateway:Jwt:DenyKeyPattern.",
            EventName = "DeniedTokensUnknown")]
        public static partial void NoAnswer(ILogger logger, string failure);
    }
}
