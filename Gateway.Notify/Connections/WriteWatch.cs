using Microsoft.Extensions.Hosting;

namespace Gateway.Notify.Connections;

/// <summary>Looks once a second for sockets whose client does not take its events. One loop for all, so that an idle socket costs no timer.</summary>
internal sealed class WriteWatch(OpenSockets open, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var connection in open.All)
            {
                connection.CheckWrite();
            }
        }
    }
}
