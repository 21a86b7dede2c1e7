using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Dns;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Dns;

/// <summary>Names that are looked up with a real DNS server.</summary>
[Servers]
internal sealed class DnsSourceTests
{
    private const string Name = "dns://user.test:9000";
    private const string SrvName = "dns+srv://_grpc._tcp.user.test";

    private DnsProcess _dns = null!;
    private RecordingLoggerProvider _logs = null!;
    private DnsSource? _sut;

    [SetUp]
    public void SetUp() => _logs = new RecordingLoggerProvider();

    [TearDown]
    public async Task TearDownAsync()
    {
        if (_sut is not null)
        {
            await _sut.StopAsync(CancellationToken.None).DefaultTimeout();
            _sut.Dispose();
            _sut = null;
        }

        await _dns.DisposeAsync();
        _logs.AssertNoErrors();
        Assert.That(_logs.Entries.Where(entry => entry.Exception is not null), Is.Empty, "Unexpected failures were logged");
        _logs.Dispose();
    }

    [Test]
    public async Task Addresses_OfAName_AreFollowed()
    {
        _dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "10.0.0.1"), DnsProcess.Host("user.test", "10.0.0.2"));
        Follow(Name);
        await KnowsAsync(Name, "http://10.0.0.1:9000", "http://10.0.0.2:9000");

        await _dns.ReplaceAsync(DnsProcess.Host("user.test", "10.0.0.2"), DnsProcess.Host("user.test", "10.0.0.3"));

        await KnowsAsync(Name, "http://10.0.0.2:9000", "http://10.0.0.3:9000");
        Assert.That(_sut!.Registry.Current.Instances(Name)[0].Key, Is.EqualTo(Name));
    }

    [Test]
    public async Task BothFamilies_OneIsUsed()
    {
        _dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "10.0.0.1", "fd00::1"));
        Follow(Name);

        await KnowsAsync(Name, "http://10.0.0.1:9000");
    }

    [Test]
    public async Task OnlyIPv6_IsUsed()
    {
        _dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "fd00::1"));
        Follow(Name);

        await KnowsAsync(Name, "http://[fd00::1]:9000");
    }

    [Test]
    public async Task Answer_TooLongForADatagram_ComesWholeByTcp()
    {
        _dns = await DnsProcess.CreateAsync([.. Enumerable.Range(1, 100).Select(id => DnsProcess.Host("user.test", $"10.0.0.{id}"))]);
        Follow(Name);

        await Eventually.That(() => Addresses(Name).Length == 100);
    }

    [Test]
    public async Task Services_SayTheirPorts_AndOnlyTheFirstPriorityCounts()
    {
        _dns = await DnsProcess.CreateAsync(
            DnsProcess.Host("a.test", "10.0.0.1"), DnsProcess.Host("b.test", "10.0.0.2"), DnsProcess.Host("c.test", "10.0.0.3"),
            DnsProcess.Service("_grpc._tcp.user.test", "a.test", 9001), DnsProcess.Service("_grpc._tcp.user.test", "b.test", 9002), DnsProcess.Service("_grpc._tcp.user.test", "c.test", 9003, priority: 2));
        Follow(SrvName);

        await KnowsAsync(SrvName, "http://10.0.0.1:9001", "http://10.0.0.2:9002");
    }

    [Test]
    public async Task Services_WithoutAddressOrPort_AreLeftOut_AndTheNextPriorityCounts()
    {
        _dns = await DnsProcess.CreateAsync(
            DnsProcess.Host("a.test", "10.0.0.1"), DnsProcess.Service("_grpc._tcp.user.test", "gone.test", 9001), DnsProcess.Service("_grpc._tcp.user.test", "a.test", 0),
            DnsProcess.Service("_grpc._tcp.user.test", "a.test", 9002, priority: 2));
        Follow(SrvName);

        await KnowsAsync(SrvName, "http://10.0.0.1:9002");
    }

    [Test]
    public async Task Server_ThatDoesNotAnswer_LastAnswerStays()
    {
        _dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "10.0.0.1"));
        Follow(Name);
        await KnowsAsync(Name, "http://10.0.0.1:9000");

        await _dns.PauseAsync();
        await Eventually.That(() => !_sut!.Registry.Status.Connected);
        Assert.That(Addresses(Name), Is.EqualTo(new[] { "http://10.0.0.1:9000" }));

        _dns.Resume();
        await _dns.ReplaceAsync(DnsProcess.Host("user.test", "10.0.0.2"));
        await KnowsAsync(Name, "http://10.0.0.2:9000");
        await Eventually.That(() => _sut!.Registry.Status.Connected);
        Assert.That(_logs.Entries.First(entry => entry.EventId.Id == 1141).Message, Does.StartWith("DNS does not say where 'dns://user.test:9000' is: ").And.Contain("The 1 instances known so far stay in use"));
    }

    [Test]
    public async Task Name_ThatServersRefuse_IsNoEmptyName()
    {
        _dns = await DnsProcess.CreateAsync();
        Follow("dns://user.example:9000");

        await Eventually.That(() => _logs.Entries.Any(entry => entry.EventId.Id == 1141));

        Assert.That(_logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain("the server answers 'Query Refused'"));
        Assert.That(_sut!.Registry.Status.Synced, Is.False);
    }

    [TestCase(Name)]
    [TestCase(SrvName)]
    public async Task Name_ThatDoesNotExist_IsTold_UntilItDoes(string service)
    {
        _dns = await DnsProcess.CreateAsync();
        Follow(service);

        await Eventually.That(() => _sut!.Troubles.Count == 1);
        Assert.That(_sut!.Troubles.Single(), Is.EqualTo(
            new ServiceTrouble(service, IsLost: false, "the name does not exist, and is looked up as it stands, without search domains")));

        await _dns.ReplaceAsync(DnsProcess.Host("user.test", "10.0.0.1"), DnsProcess.Service("_grpc._tcp.user.test", "user.test", 9000));
        await KnowsAsync(service, "http://10.0.0.1:9000");
        await Eventually.That(() => _sut!.Troubles.Count == 0);
    }

    [Test]
    public async Task Name_ThatIsGone_StaysInUseForTheGrace_WithAllOfItsAddresses()
    {
        _dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "10.0.0.1"), DnsProcess.Host("user.test", "10.0.0.2"));
        Follow(Name, grace: TimeSpan.FromSeconds(1));
        await KnowsAsync(Name, "http://10.0.0.1:9000", "http://10.0.0.2:9000");

        await _dns.ReplaceAsync();
        await Eventually.That(() => _sut!.Registry.Status.HeldInstances == 2);
        Assert.That(_sut!.Registry.Current.Instances(Name), Has.Count.EqualTo(2));

        await KnowsAsync(Name);
        Assert.That(_logs.Entries.Single(entry => entry.EventId.Id == 1142).Message, Is.EqualTo(
            "DNS names no instance of 'dns://user.test:9000' any more. 2 instances that vanished stay in use for 1 s unless others come."));
    }

    [Test]
    public async Task Target_ThatCannotBeLookedUp_KeepsItsAddresses_AndIsNoneOfTheOthersBusiness()
    {
        string[] records = [DnsProcess.Service("_grpc._tcp.user.test", "a.test", 9001), DnsProcess.Service("_grpc._tcp.user.test", "b.example", 9002)];
        _dns = await DnsProcess.CreateAsync([DnsProcess.Host("a.test", "10.0.0.1"), .. records]);
        Follow(SrvName);
        await KnowsAsync(SrvName, "http://10.0.0.1:9001");
        Assert.That(_sut!.Troubles, Is.EqualTo(new[] { new ServiceTrouble(SrvName, IsLost: false, "the target 'b.example' cannot be looked up: the server answers 'Query Refused'") }));

        await _dns.ReplaceAsync([DnsProcess.Host("a.test", "10.0.0.1"), DnsProcess.Host("b.example", "10.0.0.2"), .. records]);
        await KnowsAsync(SrvName, "http://10.0.0.1:9001", "http://10.0.0.2:9002");
        await Eventually.That(() => _sut!.Troubles.Count == 0);

        await _dns.ReplaceAsync([DnsProcess.Host("a.test", "10.0.0.3"), .. records]);
        await KnowsAsync(SrvName, "http://10.0.0.2:9002", "http://10.0.0.3:9001");
    }

    private void Follow(string service, TimeSpan? grace = null)
    {
        var options = new DnsOptions
        {
            Servers = _dns.Server, Refresh = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromMilliseconds(300), EmptyNameGrace = grace ?? TimeSpan.FromSeconds(30),
        };
        _sut = new DnsSource(Options.Create(options), TimeProvider.System, _logs.CreateLogger<DnsSource>());
        Assert.That(_sut.TryParse(service, out var parsed, out _), Is.True);
        _sut.Follow(parsed!);
    }

    private string[] Addresses(string service) => [.. _sut!.Registry.Current.Instances(service).Select(instance => instance.Address).Order(StringComparer.Ordinal)];

    private Task KnowsAsync(string service, params string[] addresses) =>
        Eventually.That(() => Addresses(service).SequenceEqual(addresses), $"it is at [{string.Join(", ", addresses)}]");
}
