using Gateway.Notify.Delivery;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Notify.Presence;

/// <summary>
/// Tidies the login state of users whose last socket has been gone for the grace period, unless they have come back. A failed attempt
/// is repeated until it succeeds or they come back.
/// </summary>
internal sealed class Departures(IHubStore store, DepartureActions actions, TimeProvider time, ILogger<Departures> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Who is still in the grace period when the only node stops can't be looked after any more, so they are tidied at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TidyAsync(isStopping: true, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Rounds.EveryAsync(Interval, time, () => (IHubStore[])[store], _ => TidyAsync(isStopping: false, stoppingToken), atOnce: 1, logger, stoppingToken);

    private async Task TidyAsync(bool isStopping, CancellationToken cancellationToken)
    {
        foreach (var user in await store.FindDueAsync(isStopping, cancellationToken))
        {
            // Each is asked for when it is his turn: he may have come back while others were seen to.
            if (await store.ClaimAsync(user, isStopping, cancellationToken) is { } departure)
            {
                await actions.SeeToAsync(departure, cancellationToken);
            }
        }
    }
}
