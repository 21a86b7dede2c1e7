using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>
/// Looks up the session of every socket again from time to time, and closes those whose session has ended. Sockets are due one by one,
/// counted from when each joined, so the store sees a steady trickle.
/// </summary>
internal sealed class SessionWatch(
    ConnectionRegistry registry, ISessionAuthenticator sessions, IOptions<NotifyOptions> options, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var due = registry.Connections.Where(connection =>
                time.GetElapsedTime(connection.SessionCheckedAt) >= options.Value.SessionCheckInterval);
            await Parallel.ForEachAsync(due, AtOnce, async (connection, _) => await CheckAsync(connection, stoppingToken));
        }
    }

    /// <summary>A store that does not answer ends no session: the socket stays, and is looked at again.</summary>
    private async ValueTask CheckAsync(NotifyConnection connection, CancellationToken cancellationToken)
    {
        var verdict = await sessions.FindUserAsync(connection.SessionId, cancellationToken);
        if (verdict.StoreAnswered && verdict.UserId != connection.UserId)
        {
            connection.Close(CloseReason.SessionEnded);
        }

        connection.SessionCheckedAt = time.GetTimestamp();
    }
}
