using Gateway.Notify;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

/// <summary>Starts connecting to Redis with the gateway, without making the start wait for it, and says what is unsafe about the keys.</summary>
internal sealed partial class SessionStoreStart(
    ISessionStore store, IOptions<SessionOptions> options, IOptions<NotifyOptions> notify, ILogger<SessionStoreStart> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var tokens = store as TokenStore;
        tokens?.Connect();
        var sessions = tokens is null ? store : tokens.Sessions;
        if (sessions?.Source is RedisSessionStore redis)
        {
            redis.Connect();
            if (options.Value.KeyPattern == SessionOptions.Placeholder)
            {
                Log.KeysWithoutPrefix(logger, notify.Value.OnLastDisconnect == LastDisconnect.Logout ? "read, and have removed," : "read");
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1206, LogLevel.Warning,
            "Session keys have no prefix, so a client can have the gateway {Can} any key of the Redis database by naming it as its session. Set Gateway:Sessions:KeyPattern to 'session:{{session_id}}', and have the user service write the same.",
            EventName = "SessionKeysUnprotected")]
        public static partial void KeysWithoutPrefix(ILogger logger, string can);
    }
}
