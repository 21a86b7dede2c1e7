using Gateway.Proxy.Discovery;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Tests.Proxy.Discovery;

public sealed class EtcdDestinationResolverTests
{
    private ServiceRegistry _registry;
    private RecordingLoggerProvider _logs;
    private EtcdOptions _options;
    private EtcdDestinationResolver _sut;

    [SetUp]
    public void SetUp()
    {
        _registry = new ServiceRegistry();
        _logs = new RecordingLoggerProvider();
        _options = new EtcdOptions { Endpoints = "http://127.0.0.1:2379" };
        _sut = new EtcdDestinationResolver(_registry, Options.Create(_options), _logs.CreateLogger<EtcdDestinationResolver>());
    }

    [TearDown]
    public void TearDown() => _logs.Dispose();

    [Test]
    public async Task Resolve_FixedAddresses_PassThroughWithoutAToken()
    {
        var destinations = Destinations(("a", new() { Address = "http://10.0.0.1:80" }), ("b", new() { Address = "https://b.example/" }));

        var resolved = await ResolveAsync(destinations);

        Assert.That(resolved.Destinations, Is.SameAs(destinations));
        Assert.That(resolved.ChangeToken, Is.Null);
    }

    [Test]
    public async Task Resolve_EtcdAddress_ExpandsToItsInstances()
    {
        _registry.Publish(
        [
            new("user_service", "/service/user_service/i1", "http://10.0.0.1:80"),
            new("user_service", "/service/user_service/i2", "http://10.0.0.2:80"),
            new("file_service", "/service/file_service/i1", "http://10.0.0.3:80"),
        ]);
        var metadata = new Dictionary<string, string> { ["weight"] = "3" };

        var resolved = await ResolveAsync(Destinations(
            ("etcd", new() { Address = "etcd:///service/user_service", Health = "http://probe:81", Host = "users", Metadata = metadata })));

        Assert.That(resolved.Destinations, Is.EqualTo(Destinations(
            ("/service/user_service/i1@http://10.0.0.1:80", new() { Address = "http://10.0.0.1:80", Health = "http://probe:81", Host = "users", Metadata = metadata }),
            ("/service/user_service/i2@http://10.0.0.2:80", new() { Address = "http://10.0.0.2:80", Health = "http://probe:81", Host = "users", Metadata = metadata }))));
    }

    [Test]
    public async Task Resolve_BothKinds_KeepsTheFixedOne()
    {
        _registry.Publish([new("speech/recognition", "/service/speech/recognition/i1", "http://10.0.0.1:80")]);

        var resolved = await ResolveAsync(Destinations(
            ("fixed", new() { Address = "http://10.0.0.9:80" }),
            ("etcd", new() { Address = "etcd:///service/speech/recognition" })));

        Assert.That(resolved.Destinations.Keys, Is.EquivalentTo(new[] { "fixed", "/service/speech/recognition/i1@http://10.0.0.1:80" }));
    }

    [Test]
    public async Task Resolve_NothingKnownYet_IsEmptyAndItsTokenFiresLater()
    {
        var resolved = await ResolveAsync(Destinations(("etcd", new() { Address = "etcd:///service/user_service" })));
        Assert.That(resolved.Destinations, Is.Empty);
        Assert.That(resolved.ChangeToken!.HasChanged, Is.False);

        _registry.Publish([new("user_service", "/service/user_service/i1", "http://10.0.0.1:80")]);

        Assert.That(resolved.ChangeToken.HasChanged, Is.True);
    }

    [Test]
    public async Task Resolve_MalformedEtcdAddress_IsEmptyAndToldOnce()
    {
        var destinations = Destinations(("d1", new() { Address = "etcd://service/user_service" }));

        var resolved = await ResolveAsync(destinations);
        await ResolveAsync(destinations);

        Assert.That(resolved.Destinations, Is.Empty);
        Assert.That(_logs.Entries.Single().Message, Is.EqualTo(
            "Destination 'd1' has no instances: the address 'etcd://service/user_service' is not of the form 'etcd:///service/<service>'."));
    }

    [Test]
    public async Task Resolve_EtcdNotConfigured_IsEmptyAndSaysWhatToSet()
    {
        _options.Endpoints = "";

        var resolved = await ResolveAsync(Destinations(("d1", new() { Address = "etcd:///service/user_service" })));

        Assert.That(resolved.Destinations, Is.Empty);
        Assert.That(_logs.Entries.Single().Message, Is.EqualTo(
            "Destination 'd1' has no instances: the address 'etcd:///service/user_service' needs etcd, and Gateway:Etcd:Endpoints is empty."));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void AddEtcdDiscovery_BeforeOrAfterYarp_ReplacesItsResolver(bool before)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging();
        if (before)
        {
            services.AddEtcdDiscovery();
        }

        services.AddReverseProxy();
        if (!before)
        {
            services.AddEtcdDiscovery();
        }

        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetServices<IDestinationResolver>().Single(), Is.InstanceOf<EtcdDestinationResolver>());
    }

    private async Task<ResolvedDestinationCollection> ResolveAsync(Dictionary<string, DestinationConfig> destinations)
    {
        var resolving = _sut.ResolveDestinationsAsync(destinations, CancellationToken.None);
        Assert.That(resolving.IsCompletedSuccessfully, Is.True, "The resolver must not wait");
        return await resolving;
    }

    private static Dictionary<string, DestinationConfig> Destinations(params (string Id, DestinationConfig Config)[] destinations) =>
        destinations.ToDictionary(destination => destination.Id, destination => destination.Config);
}
