using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>The watcher against a real etcd that stays up.</summary>
[Servers]
public sealed class EtcdWatcherTests
{
    private EtcdProcess _etcd;
    private string _prefix;
    private int _test;

    [OneTimeSetUp]
    public async Task StartEtcd() => _etcd = await EtcdProcess.CreateAsync();

    [OneTimeTearDown]
    public async Task StopEtcd() => await _etcd.DisposeAsync();

    [SetUp]
    public void ChoosePrefix() => _prefix = $"/service{++_test}/";

    [Test]
    public async Task Start_InstancesRegistered_AreKnown()
    {
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80");
        await _etcd.PutAsync(_prefix + "speech/recognition/i1", "10.0.0.2:80");

        await using var sut = await StartAsync();
        await Eventually.That(() => sut.Registry.Status.Synced, "everything has been read once");

        Assert.That(sut.Addresses("user_service"), Is.EqualTo(new[] { "http://10.0.0.1:80" }));
        Assert.That(sut.Addresses("speech/recognition"), Is.EqualTo(new[] { "http://10.0.0.2:80" }));
        await sut.ConnectedAsync();
        Assert.That(sut.Registry.Status.Revision, Is.GreaterThan(0));
        Assert.That(sut.Registry.Status.LastContact, Is.Not.Null);
    }

    [Test]
    public async Task Watch_InstanceRegisters_IsKnownAndTheTokenFires()
    {
        await using var sut = await StartAsync();
        await sut.ConnectedAsync();
        var token = sut.Registry.Current.ChangeToken;

        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80");

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
        Assert.That(token.HasChanged, Is.True);
    }

    [Test]
    public async Task Watch_LeaseEnds_InstanceIsGone()
    {
        await using var sut = await StartAsync();
        var lease = await _etcd.GrantLeaseAsync(TimeSpan.FromSeconds(30));
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80", lease);
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");

        await _etcd.RevokeLeaseAsync(lease);

        await sut.KnowsAsync("user_service");
        Assert.That(sut.Registry.Status.HeldInstances, Is.Zero);
    }

    [Test]
    public async Task Watch_SameKeyAnotherPort_ReplacesTheAddress()
    {
        await using var sut = await StartAsync();
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80");
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");

        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:81");

        await sut.KnowsAsync("user_service", "http://10.0.0.1:81");
    }

    [Test]
    public async Task Watch_SameValueAgain_PublishesNothing()
    {
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80");
        await using var sut = await StartAsync();
        await sut.ConnectedAsync();
        var before = sut.Registry.Current;

        var revision = await _etcd.PutAsync(_prefix + "user_service/i1", ByteString.CopyFromUtf8("10.0.0.1:80"));
        await Eventually.That(() => sut.Registry.Status.Revision >= revision);
        await _etcd.PutAsync(_prefix + "other/i1", "10.0.0.9:80");
        await sut.KnowsAsync("other", "http://10.0.0.9:80");

        Assert.That(before.ChangeToken.HasChanged, Is.True);
        Assert.That(sut.Registry.Current.Instances("user_service"), Is.EqualTo(before.Instances("user_service")));
    }

    [Test]
    public async Task Watch_KeysOutsideThePrefix_AreNotFollowed()
    {
        await using var sut = await StartAsync();
        await sut.ConnectedAsync();
        await _etcd.PutAsync(_prefix[..^1] + "0/user_service/i1", "10.0.0.1:80");
        await _etcd.PutAsync("/unrelated/user_service/i1", "10.0.0.2:80");
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.3:80");

        await sut.KnowsAsync("user_service", "http://10.0.0.3:80");
        Assert.That(sut.Logs.Named("RegistrationUnusable"), Is.Empty);
    }

    [Test]
    public async Task Watch_HostileValues_AreSkippedAndTheRestWorks()
    {
        await using var sut = await StartAsync();
        await sut.ConnectedAsync();
        await _etcd.PutAsync(_prefix + "user_service/i1", ByteString.CopyFrom(0xff, 0x00, 0x0a));
        await _etcd.PutAsync(_prefix + "user_service/i2", "");
        await _etcd.PutAsync(_prefix + "user_service/i3", new string('x', 500_000));
        await _etcd.PutAsync(_prefix + "user_service", "10.0.0.1:80");
        await _etcd.PutAsync(_prefix + "user_service/i4", "10.0.0.4:80");

        await sut.KnowsAsync("user_service", "http://10.0.0.4:80");
        Assert.That(sut.Logs.Named("RegistrationUnusable"), Has.Count.EqualTo(4));
        Assert.That(sut.Logs.Entries.Select(entry => entry.Message.Length), Is.All.LessThan(1000));
    }

    [Test]
    public async Task Watch_HundredsOfInstances_AllArriveInFewSnapshots()
    {
        await using var sut = await StartAsync(debounce: TimeSpan.FromMilliseconds(200));
        await sut.ConnectedAsync();

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => _etcd.PutAsync($"{_prefix}user_service/i{i}", $"10.0.{i / 250}.{i % 250}:80")));

        await Eventually.That(() => sut.Addresses("user_service").Length == 300);
    }

    [Test]
    public async Task Audit_NothingWrong_LeavesTheWatchAlone()
    {
        await using var sut = await StartAsync(resync: TimeSpan.FromMilliseconds(20));
        await sut.ConnectedAsync();
        for (var i = 0; i < 50; i++)
        {
            await _etcd.PutAsync(_prefix + "user_service/i1", $"10.0.0.1:{1000 + i}");
        }

        await sut.KnowsAsync("user_service", "http://10.0.0.1:1049");
        Assert.That(sut.Logs.Named("EtcdContactLost"), Is.Empty);
    }

    [Test]
    public async Task Start_FirstMemberIsAway_FollowsTheNextOne()
    {
        await _etcd.PutAsync(_prefix + "user_service/i1", "10.0.0.1:80");

        await using var sut = await WatcherHarness.StartAsync(
            $"http://127.0.0.1:{LoopbackPort.Free()},{_etcd.Endpoint}",
            options => options.ServicePrefix = _prefix);

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
    }

    [Test]
    public async Task Start_NoEndpoints_DoesNothing()
    {
        await using var sut = await WatcherHarness.StartAsync("");

        Assert.That(sut.Registry.Status.Synced, Is.False);
        Assert.That(sut.Logs.Entries, Is.Empty);
    }

    private Task<WatcherHarness> StartAsync(TimeSpan? debounce = null, TimeSpan? resync = null) => WatcherHarness.StartAsync(_etcd.Endpoint, options =>
    {
        options.ServicePrefix = _prefix;
        options.Debounce = debounce ?? options.Debounce;
        options.ResyncInterval = resync ?? options.ResyncInterval;
    });
}
