using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>A running <see cref="EtcdWatcher"/> with short times, and what it has made of the registry.</summary>
internal sealed class WatcherHarness : IAsyncDisposable
{
    private readonly EtcdWatcher _watcher;

    private WatcherHarness(EtcdOptions options)
    {
        Registry = new ServiceRegistry();
        Logs = new RecordingLoggerProvider();
        _watcher = new EtcdWatcher(Registry, Options.Create(options), TimeProvider.System, Logs.CreateLogger<EtcdWatcher>());
    }

    public ServiceRegistry Registry { get; }

    public RecordingLoggerProvider Logs { get; }

    /// <summary>Starts following <paramref name="endpoints"/>, without waiting for them.</summary>
    public static async Task<WatcherHarness> StartAsync(string endpoints, Action<EtcdOptions>? configure = null)
    {
        var options = new EtcdOptions
        {
            Endpoints = endpoints,
            // Generous, so that a busy machine looks like nothing worse. Tests of deadlines set their own.
            ConnectTimeout = TimeSpan.FromSeconds(5),
            RequestTimeout = TimeSpan.FromSeconds(5),
            RetryDelayMin = TimeSpan.FromMilliseconds(10),
            RetryDelayMax = TimeSpan.FromMilliseconds(200),
            Debounce = TimeSpan.FromMilliseconds(5),
        };
        configure?.Invoke(options);
        var harness = new WatcherHarness(options);
        await harness._watcher.StartAsync(CancellationToken.None);
        return harness;
    }

    public string[] Addresses(string service) => [.. Registry.Current.Instances(service).Select(instance => instance.Address)];

    public Task ConnectedAsync() => Eventually.That(() => Registry.Status.Connected, "the watch stands");

    /// <summary>Waits until exactly these addresses are known.</summary>
    public Task KnowsAsync(string service, params string[] addresses) => Eventually.That(
        () => Addresses(service).Order(StringComparer.Ordinal).SequenceEqual(addresses),
        $"{service} is at [{string.Join(", ", addresses)}]");

    public async ValueTask DisposeAsync()
    {
        await _watcher.StopAsync(CancellationToken.None).DefaultTimeout();
        Assert.That(_watcher.ExecuteTask!.Exception, Is.Null, "The watcher must end quietly");
        _watcher.Dispose();
        Logs.AssertNoErrors();
        Assert.That(Logs.Entries.Where(entry => entry.Exception is not null), Is.Empty, "Unexpected failures were logged");
        Logs.Dispose();
    }
}
