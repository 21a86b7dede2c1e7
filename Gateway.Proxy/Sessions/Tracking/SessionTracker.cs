using System.Net;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>Keeps a tracking connection to the server that look-ups go to, for as long as the gateway runs; one after the other.</summary>
internal sealed partial class SessionTracker(
    ISessionStore store,
    RedisConnection redis,
    IOptions<RedisOptions> options,
    RememberedSessions remembered,
    SessionKeys keys,
    TimeProvider time,
    ILogger<SessionTracker> logger) : BackgroundService
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(30);

    private TrackingState _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (store is not TrackedSessionStore tracked)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = await FollowAsync(tracked, stoppingToken);
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tracks until that ends, and says when to try again.</summary>
    private async Task<TimeSpan> FollowAsync(TrackedSessionStore tracked, CancellationToken stoppingToken)
    {
        try
        {
            var server = await FindServerAsync(stoppingToken);
            await using var connection = await OpenAsync(server, stoppingToken);
            if (Changes(TrackingState.Tracking))
            {
                Log.Tracking(logger, $"{server}");
            }

            using var session = new TrackingSession(
                connection, remembered, keys, tracked.Wanted, async () => server.Equals(await FindServerAsync(stoppingToken)), time);
            await session.RunAsync(stoppingToken);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The gateway stops: what fails now is expected to.
        }
        catch (TrackingRefusedException e)
        {
            if (Changes(TrackingState.Refused))
            {
                Log.Refused(logger, e.Message);
            }

            return RefusedDelay;
        }
        catch (Exception e)
        {
            if (Changes(TrackingState.Lost))
            {
                // Only the kind of failure, as everywhere with Redis.
                Log.Lost(logger, e.GetType().Name);
            }
        }

        return RetryDelay;
    }

    /// <summary>The server that look-ups go to. Asking for it proves that they are answered at all.</summary>
    private async Task<EndPoint> FindServerAsync(CancellationToken stoppingToken)
    {
        var connection = await redis.GetAsync().WaitAsync(stoppingToken);
        return await connection.GetDatabase().IdentifyEndpointAsync() ?? throw new IOException("Redis is not connected.");
    }

    private async Task<TrackingConnection> OpenAsync(EndPoint server, CancellationToken stoppingToken)
    {
        using var tooLate = new CancellationTokenSource(ConnectTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(tooLate.Token, stoppingToken);
        var settings = RedisConnection.Configure(options.Value);
        var connection = await TrackingConnection.OpenAsync(server, settings, ending.Token);
        try
        {
            await TrackingHandshake.PerformAsync(connection, settings, keys, ending.Token);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private bool Changes(TrackingState state)
    {
        var changes = _told != state;
        _told = state;
        return changes;
    }

    private enum TrackingState
    {
        Starting,
        Tracking,
        Lost,
        Refused,
    }

    private static partial class Log
    {
        [LoggerMessage(1202, LogLevel.Information, "Redis at {Server} tells of changed sessions; sessions are remembered.", EventName = "SessionTracking")]
        public static partial void Tracking(ILogger logger, string server);

        [LoggerMessage(1203, LogLevel.Warning, "Redis cannot be relied on to tell of changed sessions ({Failure}); none is remembered, and every call asks Redis until it can. Attempts go on quietly.", EventName = "SessionTrackingLost")]
        public static partial void Lost(ILogger logger, string failure);

        [LoggerMessage(1204, LogLevel.Warning, "Redis does not track session keys for this gateway ({Reason}), so no session is remembered and every call asks Redis. It takes Redis 6 or later, no cluster, and a user who may run CLIENT TRACKING, SELECT, GET and PTTL; or set Gateway:Sessions:Tracking to false.", EventName = "SessionTrackingRefused")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
