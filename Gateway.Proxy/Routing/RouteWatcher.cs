using Gateway.Proxy.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Looks at the content of the route files again and again. Notifications of the file system do not come for a ConfigMap, which is
/// swapped by a link, nor from some mounts; and they would have to be followed by the same look.
/// </summary>
internal sealed class RouteWatcher(RouteReloader reloader, IOptions<RoleOptions> roles, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!roles.Value.IsProxy)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await reloader.CheckAsync(stoppingToken);
        }
    }
}
