using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations;

/// <summary>Keeps the gateway serving for a while after it was told to stop, so that load balancers see it unready and send no more.</summary>
internal sealed partial class Drain(
    IOptions<ManagementOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Drain> logger) : IHostedLifecycleService
{
    private bool _stopping;

    /// <summary>True from the moment the gateway was told to stop: by a signal, or by the program that embeds it.</summary>
    public bool HasBegun => _stopping || lifetime.ApplicationStopping.IsCancellationRequested;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        if (options.Value.DrainDelay > TimeSpan.Zero)
        {
            Log.Waiting(logger, options.Value.DrainDelay.TotalSeconds);
            await Task.Delay(options.Value.DrainDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1300, LogLevel.Information, "Told to stop: not ready any more, and still serving for {Seconds} s.", EventName = "DrainDelayed")]
        public static partial void Waiting(ILogger logger, double seconds);
    }
}
