using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions;

/// <summary>Starts connecting to Redis with the gateway, without making the start wait for it.</summary>
internal sealed class SessionStoreWarmUp(ISessionStore store) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        (store.Source as RedisSessionStore)?.Connect();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
