namespace Gateway.Proxy.Tls;

/// <summary>Looks at the content of certificate files again and again, because a Secret is swapped by a link, which the file system does not tell.</summary>
/// <param name="check">Looks once; null where there are no files.</param>
/// <param name="time">The clock.</param>
internal sealed class CertificateWatcher(Action? check, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (check is null)
        {
            return;
        }

        // At once, so that files that break in the first moments leave something good in use.
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            check();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
