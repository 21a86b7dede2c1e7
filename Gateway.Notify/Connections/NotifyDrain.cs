using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>
/// At shutdown: no new sockets, and the open ones closed in paced batches, before the server stops. Without it the server would wait
/// for the sockets as long as it may and then cut them off without a close frame.
/// </summary>
internal sealed partial class NotifyDrain(OpenSockets open, IOptions<NotifyOptions> options, TimeProvider time, ILogger<NotifyDrain> logger)
    : IHostedLifecycleService
{
    public bool IsDraining { get; private set; }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        IsDraining = true;
        var batches = open.All.Chunk(options.Value.DrainBatch).ToArray();
        if (batches.Length > 0)
        {
            Log.Draining(logger, batches.Sum(batch => batch.Length));
        }

        var notice = ExtendedFrames.Drain(options.Value.DrainReconnectDelay, options.Value.DrainReconnectJitter);

        foreach (var batch in batches)
        {
            foreach (var connection in batch)
            {
                connection.SendAway(notice);
            }

            await Task.Delay(options.Value.DrainPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(2010, LogLevel.Information, "Shutting down: closing {Count} sockets", EventName = "SocketsDraining")]
        public static partial void Draining(ILogger logger, int count);
    }
}
