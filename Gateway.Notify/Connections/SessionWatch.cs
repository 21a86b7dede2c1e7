using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>
/// Looks up the session of every socket again from time to time, and closes those whose session has ended. Sockets are due one by one,
/// counted from when each joined and spread by chance, so the store sees a steady trickle. A client of gateway.notify.v2 is first told,
/// and may show a fresh session.
/// </summary>
internal sealed class SessionWatch(
    OpenSockets open, IEventBus bus, ISessionAuthenticator sessions, IOptions<NotifyOptions> options, TimeProvider time) : BackgroundService
{
    private const double Spread = 0.1;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var connection in open.All.Where(connection => connection.ExpiresAt <= time.GetUtcNow()))
            {
                connection.Close(CloseReason.SessionEnded);
            }

            await Parallel.ForEachAsync(open.All.Where(IsDue), AtOnce, async (connection, _) => await CheckAsync(connection, stoppingToken));
        }
    }

    private bool IsDue(NotifyConnection connection) =>
        connection is { Id.Length: > 0, Closing: null, ExpiresAt: null }
        && time.GetElapsedTime(connection.SessionCheckedAt) >= options.Value.SessionCheckInterval * (1 - (Spread * Random.Shared.NextDouble()));

    /// <summary>A store that does not answer ends no session: the socket stays, and is looked at again.</summary>
    private async ValueTask CheckAsync(NotifyConnection connection, CancellationToken cancellationToken)
    {
        var sessionId = connection.SessionId;
        var verdict = await sessions.FindUserAsync(sessionId, cancellationToken);
        connection.SessionCheckedAt = time.GetTimestamp();
        if (!verdict.StoreAnswered || verdict.UserId == connection.UserId || connection.SessionId != sessionId)
        {
            return;
        }

        if (!connection.IsExtended || options.Value.ReauthenticationTimeout == TimeSpan.Zero)
        {
            connection.Close(CloseReason.SessionEnded);
            return;
        }

        connection.ExpiresAt = time.GetUtcNow() + options.Value.ReauthenticationTimeout;
        await bus.LeaveAsync(connection);
        connection.TryEnqueue(ExtendedFrames.SessionExpired(options.Value.ReauthenticationTimeout));
    }
}
