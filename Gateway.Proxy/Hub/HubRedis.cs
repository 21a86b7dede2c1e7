using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Redis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Hub;

/// <summary>The hub's own connection to Redis: a large event on its way must not hold up session look-ups.</summary>
internal sealed class HubRedis(IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisConnection> logger)
    : IRedisSource, IAsyncDisposable, IDisposable
{
    private readonly RedisConnection _connection = new(options, time, logger);

    public Task<IConnectionMultiplexer> GetAsync() => _connection.GetAsync();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    public void Dispose() => _connection.Dispose();
}
