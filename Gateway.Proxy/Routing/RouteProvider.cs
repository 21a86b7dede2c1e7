using Gateway.Proxy.Settings;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Gives YARP the routes in use, and waits until YARP has taken them over.</summary>
internal sealed class RouteProvider(TimeProvider time) : IProxyConfigProvider, IConfigChangeListener
{
    /// <summary>YARP needs milliseconds; this ends the wait for a YARP that never reports.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private RouteSet? _current;
    private volatile Awaited? _awaited;

    public RouteSet Current => Volatile.Read(ref _current)
        ?? throw new InvalidOperationException($"Call {nameof(RouteReloader)}.{nameof(RouteReloader.Start)} before mapping the reverse proxy.");

    /// <summary>The messages in use; empty, which are the built-in ones, on a node without routes.</summary>
    public string CatalogName => Volatile.Read(ref _current)?.CatalogName ?? "";

    public IProxyConfig GetConfig() => Current;

    /// <summary>The first routes, before YARP asks for any.</summary>
    public void Start(RouteSet set) => Volatile.Write(ref _current, set);

    /// <summary>Puts a checked set in the place of the current one. If YARP cannot take it over, it gets the current one again.</summary>
    /// <exception cref="ConfigurationRefusedException">YARP did not take it over.</exception>
    public async Task ReplaceAsync(RouteSet next, CancellationToken cancellationToken)
    {
        var old = Current;
        if (await TryHandOverAsync(next, cancellationToken) is { } failure)
        {
            await TryHandOverAsync(old.Copy(), cancellationToken);
            throw new ConfigurationRefusedException([$"YARP did not take over the routes: {failure.GetBaseException().Message}"], failure);
        }
    }

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs) => Tell(proxyConfigs, failure: null);

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Tell(proxyConfigs, exception);

    private async Task<Exception?> TryHandOverAsync(RouteSet next, CancellationToken cancellationToken)
    {
        var awaited = new Awaited(next.Routes);
        _awaited = awaited;
        var old = Current;
        Volatile.Write(ref _current, next);
        old.Replace();
        try
        {
            return await awaited.Outcome.Task.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            return exception;
        }
    }

    /// <summary>
    /// YARP also reports changes of instances, with the set it has already. What it reports wraps a set, of which only the list of routes can be
    /// recognised.
    /// </summary>
    private void Tell(IReadOnlyList<IProxyConfig> configs, Exception? failure)
    {
        if (_awaited is { } awaited && configs.Any(config => ReferenceEquals(config.Routes, awaited.Routes)))
        {
            awaited.Outcome.TrySetResult(failure);
        }
    }

    private sealed record Awaited(IReadOnlyList<RouteConfig> Routes)
    {
        public TaskCompletionSource<Exception?> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
