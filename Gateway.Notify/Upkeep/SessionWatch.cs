using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Upkeep;

/// <summary>
/// Looks up the session of every socket again from time to time, and when it ends by itself, and closes those whose session has ended. Sockets are due one by one,
/// counted from when each joined and spread by chance, so the store sees a steady trickle. A client of gateway.notify.v2 is first told,
/// and may show a fresh session.
/// </summary>
internal sealed class SessionWatch(
    OpenSockets open, IEventBus bus, ISessionAuthenticator sessions, IOptions<NotifyOptions> options, TimeProvider time, ILogger<SessionWatch> logger)
    : BackgroundService
{
    private const double Spread = 0.1;

    // Asked together, so that the look-ups of a round share round trips.
    private const int AtOnce = 128;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.EveryAsync(
        Interval,
        time,
        // Whoever has expired is not kept waiting by those who have to be asked about.
        () => open.All.Where(connection => HasExpired(connection) || IsDue(connection)).OrderByDescending(HasExpired),
        connection => LookAfterAsync(connection, stoppingToken),
        AtOnce,
        logger,
        stoppingToken);

    private bool HasExpired(NotifyConnection connection) => connection.ExpiresAt <= time.GetUtcNow();

    private bool IsDue(NotifyConnection connection) =>
        connection is { Id.Length: > 0, Closing: null, ExpiresAt: null }
        && (HasEnded(connection) || time.GetElapsedTime(connection.SessionCheckedAt) >= options.Value.SessionCheckInterval * (1 - (Spread * Random.Shared.NextDouble())));

    private bool HasEnded(NotifyConnection connection) => connection.SessionEndsAt <= time.GetUtcNow();

    /// <summary>A store that does not answer ends no session: the socket stays, and is looked at again.</summary>
    private async Task LookAfterAsync(NotifyConnection connection, CancellationToken cancellationToken)
    {
        if (HasExpired(connection))
        {
            connection.Close(CloseReason.SessionEnded);
            return;
        }

        var shown = connection.Shown;
        // Of what has ended by itself nobody is asked: a store that is down does not prolong it.
        var verdict = HasEnded(connection) ? new SessionVerdict(null, StoreAnswered: true) : await sessions.FindUserAsync(shown, cancellationToken);
        connection.SessionCheckedAt = time.GetTimestamp();
        if (!verdict.StoreAnswered || verdict.UserId == connection.UserId || connection.Shown != shown)
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
