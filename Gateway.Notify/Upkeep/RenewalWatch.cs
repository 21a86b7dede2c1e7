using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Presence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Upkeep;

/// <summary>
/// Has the sessions of open sockets and the markers of their users live on. Each socket is due by itself, counted from when it joined. Only the newest
/// socket of a session renews it, and only the newest of a user the marker, so that of all nodes one does so.
/// </summary>
internal sealed class RenewalWatch(
    OpenSockets open, IEventBus bus, ILoginState state, IOptions<NotifyOptions> options, TimeProvider time, ILogger<RenewalWatch> logger) : BackgroundService
{
    // Asked about together; no more, so that no step holds Redis for long.
    private const int AtOnce = 256;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.EveryAsync(
        Interval,
        time,
        () => open.All.Where(IsDue).Chunk(AtOnce),
        some => RenewAsync(some, stoppingToken),
        atOnce: 1,
        logger,
        stoppingToken);

    private bool IsDue(NotifyConnection connection) =>
        connection is { IsLetIn: true, Closing: null, ExpiresAt: null }
        && (connection.RenewedAt == 0 || time.GetElapsedTime(connection.RenewedAt) >= options.Value.RenewalInterval);

    /// <summary>What fails has its next turn after the interval: lifetimes are a few times as long.</summary>
    private async Task RenewAsync(NotifyConnection[] connections, CancellationToken cancellationToken)
    {
        foreach (var connection in connections)
        {
            connection.RenewedAt = time.GetTimestamp();
        }

        var newest = await bus.FindNewestAsync(connections);
        await state.RenewAsync(
            [.. newest.Where(one => one.OfSession).Select(one => one.Connection.SessionId)],
            [.. newest.Where(one => one.OfUser).Select(one => one.Connection.UserId)],
            cancellationToken);
    }
}
