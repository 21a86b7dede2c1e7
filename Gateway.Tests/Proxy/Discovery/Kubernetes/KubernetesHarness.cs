using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Kubernetes;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

/// <summary>A <see cref="KubernetesSource"/> with short times that follows <c>user.chat:grpc</c>, and what it has made of its registry.</summary>
internal sealed class KubernetesHarness : IAsyncDisposable
{
    public const string Service = "user.chat:grpc";

    private KubernetesHarness(KubernetesOptions options) =>
        Source = new KubernetesSource(Options.Create(options), TimeProvider.System, Logs.CreateLogger<KubernetesSource>());

    public KubernetesSource Source { get; }

    public RecordingLoggerProvider Logs { get; } = new();

    public RegistryStatus Status => Source.Registry.Status;

    /// <summary>Starts following, without waiting.</summary>
    public static KubernetesHarness Start(FakeApiServer server, Action<KubernetesOptions>? configure = null)
    {
        var options = new KubernetesOptions
        {
            ApiServer = server.Address,
            TokenFile = "",
            // Generous, so that a busy machine looks like nothing worse. Tests of deadlines set their own.
            ConnectTimeout = TimeSpan.FromSeconds(5),
            RequestTimeout = TimeSpan.FromSeconds(5),
            RetryDelayMin = TimeSpan.FromMilliseconds(10),
            RetryDelayMax = TimeSpan.FromMilliseconds(100),
            Debounce = TimeSpan.FromMilliseconds(5),
        };
        configure?.Invoke(options);
        var harness = new KubernetesHarness(options);
        harness.Source.Follow(Service);
        return harness;
    }

    public string[] Addresses(string service = Service) => [.. Source.Registry.Current.Instances(service).Select(instance => instance.Address).Order(StringComparer.Ordinal)];

    public Task ConnectedAsync() => Eventually.That(() => Status is { Connected: true, Synced: true }, "the watch stands");

    /// <summary>Waits until exactly these addresses are known.</summary>
    public Task KnowsAsync(params string[] addresses) => Eventually.That(() => Addresses().SequenceEqual(addresses), $"it is at [{string.Join(", ", addresses)}]");

    public async ValueTask DisposeAsync()
    {
        await Source.StopAsync(CancellationToken.None).DefaultTimeout();
        Source.Dispose();
        Logs.AssertNoErrors();
        Assert.That(Logs.Entries.Where(entry => entry.Exception is not null), Is.Empty, "Unexpected failures were logged");
        Logs.Dispose();
    }
}
