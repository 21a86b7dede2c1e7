using StackExchange.Redis;

namespace ChatDemo.Accounts;

/// <summary>
/// Records logins in Redis as the real user service does: <c>SET session:session_id user_id</c>. The online marker
/// (<c>SET user_id ""</c>) is not written: it exists to refuse a second login, and this demo refuses none.
/// </summary>
internal sealed class RedisSessionWriter(IConnectionMultiplexer redis) : ISessionWriter
{
    public Task WriteAsync(string sessionId, string userId) =>
        redis.GetDatabase().StringSetAsync($"session:{sessionId}", userId, ISessionWriter.Lifetime);
}
