using Gateway.Notify.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Notify.Upkeep;

/// <summary>
/// Looks once a second for sockets whose client does not take its events, shows no session or is silent. One loop for all, so that an idle
/// socket has no timer.
/// </summary>
internal sealed class SocketWatch(OpenSockets open, TimeProvider time, ILogger<SocketWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Rounds.EveryAsync(Interval, time, () => open.All, connection =>
        {
            connection.LookAfter();
            return Task.CompletedTask;
        }, atOnce: 1, logger, stoppingToken);
}
