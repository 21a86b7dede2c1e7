using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Notify.Connections;

/// <summary>Looks once a second for sockets whose client does not take its events. One loop for all, so that an idle socket costs no timer.</summary>
internal sealed class WriteWatch(OpenSockets open, TimeProvider time, ILogger<WriteWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Rounds.EveryAsync(Interval, time, () => open.All, connection =>
        {
            connection.CheckWrite();
            return Task.CompletedTask;
        }, atOnce: 1, logger, stoppingToken);
}
