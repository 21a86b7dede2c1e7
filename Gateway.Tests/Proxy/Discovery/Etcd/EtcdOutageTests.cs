using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>The watcher against a real etcd that crashes, loses its data, or is cut off.</summary>
[Servers]
public sealed class EtcdOutageTests
{
    private const string One = "/service/user_service/i1";
    private const string Two = "/service/user_service/i2";

    private EtcdProcess _etcd;
    private TcpRelay _relay;

    [SetUp]
    public async Task SetUp()
    {
        _etcd = await EtcdProcess.CreateAsync();
        _relay = new TcpRelay(_etcd.Port);
        await _etcd.PutAsync(One, "10.0.0.1:80");
    }

    [TearDown]
    public async Task TearDown()
    {
        await _relay.DisposeAsync();
        await _etcd.DisposeAsync();
    }

    [Test]
    public async Task Start_EtcdIsAway_WaitsQuietlyAndFindsItLater()
    {
        await _etcd.KillAsync();
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint);
        await Eventually.That(() => sut.Logs.Named("EtcdContactLost").Count > 0);

        await _etcd.StartAsync();

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
        await Eventually.That(() => sut.Logs.Named("EtcdInContact").Count > 0);
        Assert.That(sut.Logs.Named("EtcdContactLost"), Has.Count.EqualTo(1), "One line, however many attempts");
    }

    [Test]
    public async Task EtcdKilledAndRestarted_ChangesAreFollowedAgain()
    {
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint);
        await sut.ConnectedAsync();

        await _etcd.KillAsync();
        await Eventually.That(() => !sut.Registry.Status.Connected);
        Assert.That(sut.Addresses("user_service"), Is.EqualTo(new[] { "http://10.0.0.1:80" }), "Last good stays");
        await _etcd.StartAsync();
        await _etcd.PutAsync(Two, "10.0.0.2:80");
        await _etcd.DeleteAsync(One);
        await sut.KnowsAsync("user_service", "http://10.0.0.2:80");

        await _etcd.RestartAsync();
        await _etcd.PutAsync(One, "10.0.0.1:81");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:81", "http://10.0.0.2:80");

        await sut.ConnectedAsync();
        await _etcd.DeleteAsync(Two);
        await sut.KnowsAsync("user_service", "http://10.0.0.1:81");
        Assert.That(sut.Logs.Named("RegistrySuspicious"), Is.Empty);
    }

    [Test]
    public async Task StreamCut_ChangesMeanwhileAreFound()
    {
        await using var sut = await WatcherHarness.StartAsync(_relay.Endpoint);
        await sut.ConnectedAsync();

        _relay.Cut();
        await _etcd.PutAsync(Two, "10.0.0.2:80");
        await _etcd.DeleteAsync(One);
        _relay.Restore();

        await sut.KnowsAsync("user_service", "http://10.0.0.2:80");
        await sut.ConnectedAsync();
        await _etcd.PutAsync(One, "10.0.0.1:80");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");
    }

    [Test]
    public async Task StreamCutAgainAndAgain_NothingIsMissed()
    {
        await using var sut = await WatcherHarness.StartAsync(_relay.Endpoint);
        for (var round = 1; round <= 20; round++)
        {
            await _etcd.PutAsync(One, $"10.0.0.1:{1000 + round}");
            _relay.CloseAll();
            await _etcd.PutAsync(Two, $"10.0.0.2:{1000 + round}");
        }

        await sut.KnowsAsync("user_service", "http://10.0.0.1:1020", "http://10.0.0.2:1020");
        await sut.ConnectedAsync();
    }

    [Test]
    public async Task CompactedWhileCutOff_ChangesMeanwhileAreFound()
    {
        await using var sut = await WatcherHarness.StartAsync(_relay.Endpoint);
        await sut.ConnectedAsync();

        _relay.Cut();
        await _etcd.PutAsync(Two, "10.0.0.2:80");
        await _etcd.DeleteAsync(One);
        await _etcd.CompactAsync(await _etcd.PutAsync(Two, ByteString.CopyFromUtf8("10.0.0.2:81")));
        _relay.Restore();

        await sut.KnowsAsync("user_service", "http://10.0.0.2:81");
        await sut.ConnectedAsync();
        await _etcd.PutAsync(One, "10.0.0.1:80");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:81");
    }

    [Test]
    public async Task PeerStalls_AuditNoticesAndTheNextMemberIsFollowed()
    {
        // The first member freezes with its connection open, as behind a dead switch; the second way leads to the same data.
        await using var sut = await WatcherHarness.StartAsync(
            $"{_relay.Endpoint},{_etcd.Endpoint}",
            options => (options.ResyncInterval, options.RequestTimeout) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(300)));
        await sut.ConnectedAsync();

        _relay.Stall();
        await _etcd.PutAsync(Two, "10.0.0.2:80");

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");
    }

    [Test]
    public async Task EtcdFrozenAtStart_EveryAttemptHasADeadline()
    {
        await _etcd.PauseAsync();
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint, options => options.RequestTimeout = TimeSpan.FromMilliseconds(200));
        await Eventually.That(() => sut.Logs.Named("EtcdContactLost").Count > 0);

        _etcd.Resume();

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task EtcdLosesItsData_InstancesStayForTheGraceAndThenGo(bool newCluster)
    {
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint, options => options.EmptyRegistryGrace = TimeSpan.FromSeconds(4));
        await _etcd.PutAsync(Two, "10.0.0.2:80");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");

        await _etcd.WipeAsync(newCluster);
        await Eventually.That(() => sut.Registry.Status is { Connected: true, HeldInstances: 2 });
        Assert.That(sut.Addresses("user_service"), Has.Length.EqualTo(2));

        // One of the two registers again, elsewhere.
        await _etcd.PutAsync(One, "10.0.0.1:81");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:81", "http://10.0.0.2:80");

        await sut.KnowsAsync("user_service", "http://10.0.0.1:81");
        Assert.That(sut.Logs.Named("RegistrySuspicious"), Has.Count.EqualTo(1));
        Assert.That(sut.Logs.Named("RegistryHoldEnded"), Has.Count.EqualTo(1));
        Assert.That(sut.Registry.Status.HeldInstances, Is.Zero);
    }

    [Test]
    public async Task EtcdRestoredFromABackup_LaterInstancesStayForTheGraceAndChangesAreFollowed()
    {
        await _etcd.BackUpAsync();
        await _etcd.PutAsync(Two, "10.0.0.2:80");
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint, options => options.EmptyRegistryGrace = TimeSpan.FromSeconds(4));
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");
        var before = sut.Registry.Status.Revision;

        await _etcd.RestoreAsync();
        await Eventually.That(() => sut.Registry.Status is { Connected: true, HeldInstances: 1 });
        Assert.That(sut.Registry.Status.Revision, Is.LessThan(before));
        Assert.That(sut.Addresses("user_service"), Has.Length.EqualTo(2));

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
        await _etcd.PutAsync(Two, "10.0.0.2:81");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:81");
    }

    [Test]
    public async Task DeletedByTheWatch_IsEtcdsOwnWordEvenForTheLast()
    {
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint);
        await sut.ConnectedAsync();

        await _etcd.DeleteAsync(One);

        await sut.KnowsAsync("user_service");
        Assert.That(sut.Logs.Named("RegistrySuspicious"), Is.Empty);
    }
}
