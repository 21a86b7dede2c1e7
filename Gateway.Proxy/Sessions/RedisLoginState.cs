using Gateway.Notify.Presence;
using Gateway.Proxy.Redis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

/// <summary>Removes online markers and sessions as the user service wrote them to Redis.</summary>
internal sealed class RedisLoginState(RedisConnection connection, IOptions<SessionOptions> options, TimeProvider time) : ILoginState
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly SessionOptions _options = options.Value;

    public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) =>
        DeleteAsync(_options.MarkerKeyPattern.Replace(SessionOptions.UserPlaceholder, userId, StringComparison.Ordinal), cancellationToken);

    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken) =>
        DeleteAsync(_options.KeyPattern.Replace(SessionOptions.Placeholder, sessionId, StringComparison.Ordinal), cancellationToken);

    private async Task DeleteAsync(RedisKey key, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().WaitAsync(Timeout, time, cancellationToken);
        await redis.GetDatabase().KeyDeleteAsync(key).WaitAsync(Timeout, time, cancellationToken);
    }
}
