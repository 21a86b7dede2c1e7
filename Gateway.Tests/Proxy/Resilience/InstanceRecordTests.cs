using Gateway.Proxy.Resilience;
using Gateway.Proxy.Resilience.Ejection;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Time.Testing;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class InstanceRecordTests
{
    private static readonly ResilienceSettings Settings = ResilienceSettings.Of(new ClusterConfig());

    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Failed_InARow_IsOutAtTheFifth()
    {
        var sut = new InstanceRecord(_time);

        Assert.That(Enumerable.Range(0, 5).Select(_ => sut.Failed(Settings, VerdictKind.Broken)), Is.EqualTo(new TimeSpan?[] { null, null, null, null, TimeSpan.FromSeconds(5) }));
    }

    [Test]
    public void Failed_HalfOfTwentyCalls_IsOut()
    {
        var sut = new InstanceRecord(_time);
        for (var i = 0; i < 9; i++)
        {
            sut.Answered();
            Assert.That(sut.Failed(Settings, VerdictKind.Broken), Is.Null, "Fewer than twenty calls are no share");
        }

        sut.Answered();
        Assert.That(sut.Failed(Settings, VerdictKind.Broken), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void Failed_LongAgo_DoesNotCount()
    {
        var sut = new InstanceRecord(_time);
        for (var i = 0; i < 10; i++)
        {
            sut.Answered();
            sut.Answered();
            sut.Failed(Settings with { EjectAtFailurePercent = 100 }, VerdictKind.Broken);
        }

        _time.Advance(TimeSpan.FromSeconds(11));
        sut.Answered();

        Assert.That(sut.Failed(Settings, VerdictKind.Broken), Is.Null);
    }

    [Test]
    public void Failed_AgainAndAgain_DoublesUpToFiveMinutes()
    {
        var sut = new InstanceRecord(_time);
        var once = Settings with { EjectAfterFailures = 1 };
        var seconds = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            var pause = sut.Failed(once, VerdictKind.Broken)!.Value;
            seconds.Add(pause.TotalSeconds);
            _time.Advance(pause);
        }

        Assert.That(seconds, Is.EqualTo(new double[] { 5, 10, 20, 40, 80, 160, 300, 300, 300 }));
    }

    [Test]
    public void Failed_AfterServingWellForLong_BeginsAnew()
    {
        var sut = new InstanceRecord(_time);
        var once = Settings with { EjectAfterFailures = 1 };
        _time.Advance(sut.Failed(once, VerdictKind.Broken)!.Value);
        _time.Advance(sut.Failed(once, VerdictKind.Broken)!.Value);

        Assert.That(sut.Answered(), Is.True);
        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.That(sut.Failed(once, VerdictKind.Broken), Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void Failed_SoonAfterServingAgain_IsOutForLonger()
    {
        var sut = new InstanceRecord(_time);
        var once = Settings with { EjectAfterFailures = 1 };
        _time.Advance(sut.Failed(once, VerdictKind.Broken)!.Value);
        sut.Answered();
        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.That(sut.Failed(once, VerdictKind.Broken), Is.EqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void Failed_WhileItIsOut_ChangesNothing()
    {
        var sut = new InstanceRecord(_time);
        var once = Settings with { EjectAfterFailures = 1 };
        var pause = sut.Failed(once, VerdictKind.Broken)!.Value;

        Assert.That((sut.Failed(once, VerdictKind.Broken), sut.Answered(), sut.Failed(once, VerdictKind.Broken)), Is.EqualTo(((TimeSpan?)null, false, (TimeSpan?)null)));

        _time.Advance(pause);
        Assert.That(sut.Failed(once, VerdictKind.Broken), Is.EqualTo(TimeSpan.FromSeconds(10)), "It is on trial all the same");
    }

    [Test]
    public void HasAnsweredSince_ComparesWithTheLastAnswer()
    {
        var sut = new InstanceRecord(_time);
        var before = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        sut.Answered();

        Assert.That((sut.HasAnsweredSince(before), sut.HasAnsweredSince(_time.GetTimestamp())), Is.EqualTo((true, false)));
    }
}
