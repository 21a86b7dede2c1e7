using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tls;

/// <summary>Looks at the content of the certificate files again and again, because a Secret is swapped by a link, which the file system does not tell.</summary>
internal sealed class CertificateWatcher(ServerCertificate certificate, IOptions<TlsOptions> options, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.IsUsed)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            certificate.Check();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
