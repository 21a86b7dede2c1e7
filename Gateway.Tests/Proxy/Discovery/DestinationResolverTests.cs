using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Tests.Proxy.Discovery;

public sealed class DestinationResolverTests
{
    private ServiceRegistry _registry;
    private RecordingLoggerProvider _logs;
    private EtcdOptions _options;
    private DestinationResolver _sut;

    [SetUp]
    public void SetUp()
    {
        _registry = new ServiceRegistry();
        _logs = new RecordingLoggerProvider();
        _options = new EtcdOptions { Endpoints = "http://127.0.0.1:2379" };
        _sut = new DestinationResolver(new InstanceSources([new EtcdSource(_registry, Options.Create(_options))]), _logs.CreateLogger<DestinationResolver>());
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

    [TestCase(null, "http://10.0.0.1:80")]
    [TestCase("http", "http://10.0.0.1:80")]
    [TestCase("HTTPS", "https://10.0.0.1:80")]
    public async Task Resolve_ClusterThatSaysTheScheme_ThatHoldsForInstancesThatDoNot(string? scheme, string address)
    {
        _registry.Publish(
        [
            new("user_service", "/service/user_service/i1", "http://10.0.0.1:80"),
            new("user_service", "/service/user_service/i2", "http://10.0.0.2:80", SaysScheme: true),
            new("user_service", "/service/user_service/i3", "https://10.0.0.3:80", SaysScheme: true),
        ]);

        var resolved = await ResolveAsync(Destinations(("a", new()
        {
            Address = "etcd:///service/user_service",
            Metadata = scheme is null ? null : new Dictionary<string, string> { ["Scheme"] = scheme },
        })));

        Assert.That(resolved.Destinations.Select(destination => (destination.Key, destination.Value.Address)), Is.EquivalentTo(new[]
        {
            ($"/service/user_service/i1@{address}", address),
            ("/service/user_service/i2@http://10.0.0.2:80", "http://10.0.0.2:80"),
            ("/service/user_service/i3@https://10.0.0.3:80", "https://10.0.0.3:80"),
        }));
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

    [Test]
    public async Task Resolve_SeveralSources_ExpandsAll_AndAnyOfThemMayChange()
    {
        var kubernetes = new KnownSource("k8s:", new ServiceInstance("user", "k8s://chat/p1", "http://10.0.0.2:80", Zone: "a"));
        var dns = new KnownSource("dns:", new ServiceInstance("user", "dns://user:80", "http://10.0.0.3:80"));
        var sut = new DestinationResolver(new InstanceSources([new EtcdSource(_registry, Options.Create(_options)), kubernetes, dns]), _logs.CreateLogger<DestinationResolver>());
        _registry.Publish([new("user_service", "/service/user_service/i1", "http://10.0.0.1:80")]);
        var metadata = new Dictionary<string, string> { ["Scheme"] = "https" };
        var destinations = Destinations(
            ("a", new() { Address = "etcd:///service/user_service" }), ("b", new() { Address = "k8s://user", Metadata = metadata }), ("c", new() { Address = "dns://user:80" }), ("d", new() { Address = "http://10.0.0.4:80" }));

        var resolved = await sut.ResolveDestinationsAsync(destinations, CancellationToken.None);

        Assert.That(resolved.Destinations.Select(destination => (destination.Key, destination.Value.Address)), Is.EquivalentTo(new[]
        {
            ("/service/user_service/i1@http://10.0.0.1:80", "http://10.0.0.1:80"),
            ("k8s://chat/p1@https://10.0.0.2:80", "https://10.0.0.2:80"),
            ("dns://user:80@http://10.0.0.3:80", "http://10.0.0.3:80"),
            ("d", "http://10.0.0.4:80"),
        }));
        Assert.That(resolved.Destinations["k8s://chat/p1@https://10.0.0.2:80"].Metadata, Is.EqualTo(new Dictionary<string, string> { ["Scheme"] = "https", ["Zone"] = "a" }));
        Assert.That((kubernetes.Followed, dns.Followed), Is.EqualTo((new[] { "user" }, new[] { "user" })));
        Assert.That(resolved.ChangeToken!.HasChanged, Is.False);
        dns.Registry.Publish([]);
        Assert.That(resolved.ChangeToken.HasChanged, Is.True);
    }

    [Test]
    public void Keep_NamesEachSourceItsOwnServices()
    {
        var kubernetes = new KnownSource("k8s:", new ServiceInstance("user", "p1", "http://10.0.0.2:80"));
        var sut = new InstanceSources([kubernetes]);

        sut.Keep([new ClusterConfig { ClusterId = "c", Destinations = Destinations(("a", new() { Address = "k8s://user" }), ("b", new() { Address = "http://10.0.0.1:80" })) }, new ClusterConfig { ClusterId = "none" }]);

        Assert.That(kubernetes.Kept, Is.EqualTo(new[] { "user" }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void AddDiscovery_BeforeOrAfterYarp_ReplacesItsResolver(bool before)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging();
        if (before)
        {
            services.AddDiscovery();
        }

        services.AddReverseProxy();
        if (!before)
        {
            services.AddDiscovery();
        }

        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetServices<IDestinationResolver>().Single(), Is.InstanceOf<DestinationResolver>());
    }

    /// <summary>A source of the service <c>user</c>, which knows an instance.</summary>
    private sealed class KnownSource : IInstanceSource
    {
        private readonly string _scheme;

        public KnownSource(string scheme, ServiceInstance instance)
        {
            _scheme = scheme;
            Registry.Publish([instance]);
        }

        public List<string> Followed { get; } = [];

        public IEnumerable<string> Kept { get; private set; } = [];

        public string Name => _scheme;

        public bool IsUsed => true;

        public MissingSetting? Missing => null;

        public ServiceRegistry Registry { get; } = new();

        public bool Owns(string? address) => address?.StartsWith(_scheme, StringComparison.Ordinal) == true;

        public bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem)
        {
            (service, problem) = ("user", "never");
            return true;
        }

        public void Follow(string service) => Followed.Add(service);

        public Task FirstAnswer(string service) => Task.CompletedTask;

        public void Keep(IReadOnlySet<string> services) => Kept = services;
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
