using Etcdserverpb;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Mvccpb;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

public sealed class RegistryMirrorTests
{
    private const ulong Cluster = 7;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private FakeTimeProvider _time;
    private RecordingLoggerProvider _logs;
    private RegistryMirror _sut;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _logs = new RecordingLoggerProvider();
        _sut = new RegistryMirror(new EtcdOptions { EmptyRegistryGrace = Grace }, new MonotonicClock(_time), _logs.CreateLogger("test"));
    }

    [TearDown]
    public void TearDown() => _logs.Dispose();

    [Test]
    public void Load_EmptyAtFirst_IsAccepted()
    {
        _sut.Load(Read(5));

        Assert.That(Addresses(), Is.Empty);
        Assert.That(_logs.Entries, Is.Empty);
    }

    [Test]
    public void Load_FewerInstances_IsAccepted()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80"), ("user_service/i2", "10.0.0.2:80")));
        _sut.Load(Read(9, ("user_service/i2", "10.0.0.2:80")));

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.2:80" }));
        Assert.That(_logs.Entries, Is.Empty);
    }

    [Test]
    public void Load_SuddenlyEmpty_KeepsInstancesForTheGraceOnly()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(9));

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.1:80" }));
        Assert.That(_sut.HeldInstances, Is.EqualTo(1));
        Assert.That(_sut.NextHoldDeadline, Is.EqualTo(Grace));
        Assert.That(_logs.Named("RegistrySuspicious").Single().Message, Is.EqualTo(
            "etcd may have lost its data: it holds no instance any more. 1 instances that vanished stay in use for 30 s unless they register again."));

        _time.Advance(Grace - TimeSpan.FromMilliseconds(1));
        Assert.That(_sut.ExpireHeld(), Is.False);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_sut.ExpireHeld(), Is.True);

        Assert.That(Addresses(), Is.Empty);
        Assert.That(_logs.Named("RegistryHoldEnded").Single().Message, Is.EqualTo(
            "1 instances did not register again within 30 s and are no longer used."));
    }

    [Test]
    public void Load_EmptyAgainAndAgain_DoesNotProlongTheGrace()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(9));
        _time.Advance(TimeSpan.FromSeconds(20));
        _sut.Load(Read(9));
        Assert.That(Addresses(), Has.Length.EqualTo(1));

        _time.Advance(TimeSpan.FromSeconds(10));
        _sut.Load(Read(9));

        Assert.That(Addresses(), Is.Empty);
    }

    [Test]
    public void Load_RevisionWentBackwards_KeepsWhatHasNotComeBackYet()
    {
        _sut.Load(Read(50, ("user_service/i1", "10.0.0.1:80"), ("file_service/i1", "10.0.0.2:80")));
        _sut.Load(Read(3, ("user_service/i1", "10.0.0.1:81")));

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.1:81", "http://10.0.0.2:80" }));
        Assert.That(_logs.Named("RegistrySuspicious").Single().Message, Does.StartWith("etcd may have lost its data: its revision went backwards. 1 instances"));
    }

    [Test]
    public void Load_AnotherCluster_KeepsWhatHasNotComeBackYet()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        var other = Read(900, ("file_service/i1", "10.0.0.2:80"));
        other.Header.ClusterId = Cluster + 1;
        _sut.Load(other);

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.2:80", "http://10.0.0.1:80" }));
        Assert.That(_logs.Named("RegistrySuspicious").Single().Message, Does.Contain("another etcd cluster answers"));
    }

    [Test]
    public void Load_GraceOfZero_TakesEtcdsWordAtOnce()
    {
        _sut = new RegistryMirror(new EtcdOptions { EmptyRegistryGrace = TimeSpan.Zero }, new MonotonicClock(_time), _logs.CreateLogger("test"));
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(9));

        Assert.That(Addresses(), Is.Empty);
    }

    [Test]
    public void Apply_DeletesTheLast_IsEtcdsOwnWord()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        _sut.Apply(Deleted(6, "user_service/i1"));

        Assert.That(Addresses(), Is.Empty);
        Assert.That(_sut.Revision, Is.EqualTo(6));
    }

    [Test]
    public void Apply_HeldInstanceRegistersAgain_IsNoLongerHeld()
    {
        _sut.Load(Read(50, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(2));
        _sut.Apply(Put(3, "user_service/i1", "10.0.0.1:81"));
        Assert.That(_sut.HeldInstances, Is.Zero);

        _time.Advance(Grace);
        _sut.ExpireHeld();

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.1:81" }));
    }

    [Test]
    public void Apply_HeldInstanceRegistersUnderAnotherKey_CountsOnce()
    {
        _sut.Load(Read(50, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(2));
        _sut.Apply(Put(3, "user_service/i9", "10.0.0.1:80"));

        Assert.That(_sut.Instances().Select(instance => instance.Key), Is.EqualTo(new[] { "/service/user_service/i9" }));
    }

    [Test]
    public void Apply_DeleteOfHeldInstance_ReleasesIt()
    {
        _sut.Load(Read(50, ("user_service/i1", "10.0.0.1:80")));
        _sut.Load(Read(2));
        _sut.Apply(Deleted(3, "user_service/i1"));

        Assert.That(Addresses(), Is.Empty);
    }

    [Test]
    public void Load_UnusableValue_IsToldOnceAndSkipped()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1"), ("user_service/i2", "10.0.0.2:80")));
        _sut.Load(Read(6, ("user_service/i1", "10.0.0.1"), ("user_service/i2", "10.0.0.2:80")));

        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.2:80" }));
        Assert.That(_logs.Entries.Single().Message, Is.EqualTo(
            "The registration '/service/user_service/i1' = '10.0.0.1' in etcd is skipped: it names no port."));
    }

    [Test]
    public void Apply_UnusableValueReplacesUsable_InstanceIsGoneAndToldPerValue()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        _sut.Apply(Put(6, "user_service/i1", "first\nforged line"));
        _sut.Apply(Put(7, "user_service/i1", "second"));

        Assert.That(Addresses(), Is.Empty);
        Assert.That(_logs.Entries.Select(entry => entry.Message), Is.EqualTo(new[]
        {
            "The registration '/service/user_service/i1' = 'first forged line' in etcd is skipped: it names no port.",
            "The registration '/service/user_service/i1' = 'second' in etcd is skipped: it names no port.",
        }));
    }

    [Test]
    public void Differences_AfterTheSameChanges_AreNone()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80")));
        var put = Put(6, "user_service/i2", "10.0.0.2:80");
        _sut.Apply(put);
        var read = Read(5, ("user_service/i1", "10.0.0.1:80"));
        read.Kvs.Add(put.Events[0].Kv);

        Assert.That(_sut.Differences(read), Is.Empty);
    }

    [Test]
    public void Differences_MissedChanges_AreNamed()
    {
        _sut.Load(Read(5, ("user_service/i1", "10.0.0.1:80"), ("user_service/i2", "10.0.0.2:80")));
        var read = Read(5, ("user_service/i1", "10.0.0.1:81"), ("user_service/i3", "10.0.0.3:80"));
        read.Kvs[0].ModRevision = 6;
        read.Kvs[1].ModRevision = 7;

        Assert.That(_sut.Differences(read), Is.EquivalentTo(new[]
        {
            new KeyDifference(Key("user_service/i1"), 6, 5),
            new KeyDifference(Key("user_service/i2"), 0, 5),
            new KeyDifference(Key("user_service/i3"), 7, 0),
        }));
    }

    private string[] Addresses() => [.. _sut.Instances().Select(instance => instance.Address)];

    private static ByteString Key(string key) => ByteString.CopyFromUtf8("/service/" + key);

    private static KeyValue Pair(long revision, string key, string value) =>
        new() { Key = Key(key), Value = ByteString.CopyFromUtf8(value), ModRevision = revision };

    private static RangeResponse Read(long revision, params (string Key, string Value)[] pairs) => new()
    {
        Header = new ResponseHeader { ClusterId = Cluster, Revision = revision },
        Kvs = { pairs.Select(pair => Pair(revision, pair.Key, pair.Value)) },
    };

    private static WatchResponse Put(long revision, string key, string value) => Change(revision, new Event
    {
        Type = Event.Types.EventType.Put,
        Kv = Pair(revision, key, value),
    });

    private static WatchResponse Deleted(long revision, string key) => Change(revision, new Event
    {
        Type = Event.Types.EventType.Delete,
        Kv = new KeyValue { Key = Key(key), ModRevision = revision },
    });

    private static WatchResponse Change(long revision, Event change) => new()
    {
        Header = new ResponseHeader { ClusterId = Cluster, Revision = revision },
        Events = { change },
    };
}
