using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Redis;

/// <summary>
/// A connection to Redis: one for the whole gateway, and one of the hub's own. It is made in the background when it is first needed, exists even
/// while Redis does not answer, and reconnects without help.
/// </summary>
internal sealed partial class RedisConnection : IAsyncDisposable, IDisposable
{
    // What comes later in a configuration wins, so an operator's own settings do.
    private const string Defaults = "connectTimeout=2000,connectRetry=1,asyncTimeout=1000,keepAlive=15";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisConnection> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<Task<IConnectionMultiplexer>> _connecting;
    private bool _told;

    public RedisConnection(IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisConnection> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        _connecting = new(() => Task.Run(ConnectAsync));
    }

    /// <summary>True once somebody has asked for the connection.</summary>
    public bool IsUsed => _connecting.IsValueCreated;

    /// <summary>True once Redis has been reached, whatever became of it later.</summary>
    public bool WasConnected { get; private set; }

    /// <summary>True while commands can be sent.</summary>
    public bool IsConnected => _connecting is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result.IsConnected: true } };

    /// <summary>
    /// The shared connection; the first call starts making it. The task ends when Redis has answered or the attempt has timed
    /// out, so wait for it with a deadline. It fails only when the gateway stops.
    /// </summary>
    public Task<IConnectionMultiplexer> GetAsync() => _connecting.Value;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_connecting.IsValueCreated)
        {
            await ((Task)_connecting.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Dispose();
    }

    /// <summary>For containers that are disposed synchronously. An attempt still under way ends by itself.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        if (_connecting is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: var redis } })
        {
            redis.Dispose();
        }
    }

    internal static ConfigurationOptions ParseConfiguration(string configuration)
    {
        var options = ConfigurationOptions.Parse($"{Defaults},{configuration}");
        options.AbortOnConnectFail = false;
        // A look-up that cannot be sent now is worth nothing later.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        // The library's own schedule grows to a minute.
        options.ReconnectRetryPolicy = new LinearRetry(500);
        // Exception texts would hold the key, which is a session id.
        options.IncludeDetailInExceptions = false;
        options.ClientName ??= "gateway";
        return options;
    }

    /// <summary>How to connect and log in. Files are read anew each time.</summary>
    private static ConfigurationOptions Configure(RedisOptions settings)
    {
        var options = ParseConfiguration(settings.Configuration);
        if (settings.PasswordFile.Length > 0)
        {
            options.Password = SecretFile.Read(settings.PasswordFile);
        }

        if (settings.Tls.IsSet)
        {
            options.SslClientAuthenticationOptions = host => settings.Tls.Open(options.SslHost ?? host);
        }

        return options;
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        for (var told = false; ; told = true)
        {
            try
            {
                var redis = await ConnectionMultiplexer.ConnectAsync(Configure(_options));
                if (!_stopping.IsCancellationRequested)
                {
                    redis.ConnectionRestored += (_, _) => WasConnected = true;
                    WasConnected |= redis.IsConnected;
                    redis.ErrorMessage += (_, error) => TellIfForbidden(error.Message);
                    return redis;
                }

                await redis.DisposeAsync();
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                // Not for an absent server, the library handles that. A host name that does not resolve, for example.
                if (!told)
                {
                    Log.ConnectFailed(_logger, e.GetType().Name);
                }
            }

            await Task.Delay(RetryDelay, _time, _stopping.Token);
        }
    }

    /// <summary>The client needs PING to keep a connection; without the right the connection breaks again and again, and nothing else says why.</summary>
    private void TellIfForbidden(string error)
    {
        if (RedisFault.ForbiddenCommand(error) == "ping" && !Interlocked.Exchange(ref _told, true))
        {
            Log.PingForbidden(_logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1210, LogLevel.Warning, "No connection to Redis could be set up ({Failure}); attempts go on quietly.", EventName = "RedisConnectFailed")]
        public static partial void ConnectFailed(ILogger logger, string failure);

        [LoggerMessage(1211, LogLevel.Warning, "The gateway's Redis user may not run PING, so its connections break again and again; give it the right '+ping'.", EventName = "RedisPingForbidden")]
        public static partial void PingForbidden(ILogger logger);
    }
}
