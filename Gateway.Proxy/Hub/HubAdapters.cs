using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Notify.Presence;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Sessions;
using Gateway.Transforms.Events;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Hub;

/// <summary>Hands the events of the transforms to the notify hub.</summary>
internal sealed class HubPublisher(NotifyHub hub) : IEventPublisher
{
    public Task PublishAsync(Notification notification, CancellationToken cancellationToken) =>
        hub.PublishAsync(notification.Recipients, notification.Type, notification.Length, notification.WriteTo, cancellationToken);
}

/// <summary>Lets the notify hub look sessions up where the RPC routes do.</summary>
internal sealed class HubSessions(SessionAuthenticator sessions) : ISessionAuthenticator
{
    public async ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        var found = await sessions.FindUserAsync(sessionId, cancellationToken);
        return new SessionVerdict(found.UserId, found.StoreAnswered) { ExpiresAt = found.ExpiresAt, Name = sessions.NameOf(sessionId) };
    }

    public bool TryRead(HttpRequest upgrade, bool admitsCookie, out string? sessionId) => sessions.TryRead(upgrade, admitsCookie, out sessionId);
}

/// <summary>The hub's own connection to Redis: a large event on its way must not hold up session look-ups.</summary>
internal sealed class HubRedis(IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisConnection> logger)
    : IRedisSource, IAsyncDisposable, IDisposable
{
    private readonly RedisConnection _connection = new(options, time, logger);

    public Task<IConnectionMultiplexer> GetAsync() => _connection.GetAsync();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    public void Dispose() => _connection.Dispose();
}

/// <summary>Removes and renews online markers and sessions as the user service wrote them to Redis.</summary>
internal sealed class RedisLoginState(RedisConnection connection, SessionKeys keys, KeyRenewal renewal, TimeProvider time) : ILoginState
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) => DeleteAsync(keys.MarkerOf(userId), cancellationToken);

    public Task RenewAsync(IReadOnlyCollection<string> sessionIds, IReadOnlyCollection<string> markersOf, CancellationToken cancellationToken) =>
        Task.WhenAll(renewal.RenewSessionsAsync([.. sessionIds.Where(id => !SessionAuthenticator.IsTokenName(id))], cancellationToken), renewal.RenewMarkersAsync(markersOf, cancellationToken));

    /// <summary>A token ends when its time is over, and nobody but its issuer can make it invalid before.</summary>
    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken) =>
        SessionAuthenticator.IsTokenName(sessionId) ? Task.CompletedTask : DeleteAsync(keys.KeyOf(sessionId), cancellationToken);

    private async Task DeleteAsync(RedisKey key, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().WaitAsync(Timeout, time, cancellationToken);
        await redis.GetDatabase().KeyDeleteAsync(key).WaitAsync(Timeout, time, cancellationToken);
    }
}

/// <summary>Sessions in memory have no online markers beside them.</summary>
internal sealed class MemoryLoginState(InMemorySessionStore sessions) : ILoginState
{
    public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        sessions.Remove(sessionId);
        return Task.CompletedTask;
    }
}
