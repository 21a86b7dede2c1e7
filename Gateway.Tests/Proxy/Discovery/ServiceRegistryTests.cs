using Gateway.Proxy.Discovery;

namespace Gateway.Tests.Proxy.Discovery;

public sealed class ServiceRegistryTests
{
    private static readonly ServiceInstance One = new("user_service", "/service/user_service/i1", "http://10.0.0.1:80");
    private static readonly ServiceInstance Two = new("user_service", "/service/user_service/i2", "http://10.0.0.2:80");

    private ServiceRegistry _sut;

    [SetUp]
    public void SetUp() => _sut = new();

    [Test]
    public void Current_BeforeAnything_IsEmptyAndNotSynced()
    {
        Assert.That(_sut.Current.InstanceCount, Is.Zero);
        Assert.That(_sut.Current.Instances("user_service"), Is.Empty);
        Assert.That(_sut.Status, Is.EqualTo(new RegistryStatus(Connected: false, Synced: false, 0, null, 0)));
    }

    [Test]
    public void Publish_Change_FiresTheTokenWhenTheNewSnapshotIsThere()
    {
        IReadOnlyList<ServiceInstance>? seen = null;
        using var registration = _sut.Current.ChangeToken.RegisterChangeCallback(_ => seen = _sut.Current.Instances("user_service"), null);

        Assert.That(_sut.Publish([Two, One]), Is.True);

        Assert.That(seen, Is.EqualTo(new[] { One, Two }));
        Assert.That(_sut.Current.ChangeToken.HasChanged, Is.False);
    }

    [Test]
    public void Publish_TheSameInOtherOrder_BothersNobody()
    {
        _sut.Publish([One, Two]);
        var before = _sut.Current;

        Assert.That(_sut.Publish([Two, One]), Is.False);

        Assert.That(_sut.Current, Is.SameAs(before));
        Assert.That(before.ChangeToken.HasChanged, Is.False);
    }

    [Test]
    public void Publish_AnotherAddressUnderTheSameKey_IsAChange()
    {
        _sut.Publish([One]);

        Assert.That(_sut.Publish([One with { Address = "http://10.0.0.1:81" }]), Is.True);
    }

    [Test]
    public void Publish_ServiceGone_IsAChange()
    {
        _sut.Publish([One, new("file_service", "/service/file_service/i1", "http://10.0.0.1:81")]);

        Assert.That(_sut.Publish([One]), Is.True);
        Assert.That(_sut.Current.Services, Is.EqualTo(new[] { "user_service" }));
    }

    [Test]
    public void Report_Synced_IsTheStatus()
    {
        var synced = RegistryStatus.Initial with { Synced = true };

        _sut.Report(synced);

        Assert.That(_sut.Status, Is.EqualTo(synced));
    }
}
