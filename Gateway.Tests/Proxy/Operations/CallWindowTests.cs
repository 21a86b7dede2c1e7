using Gateway.Proxy.Operations.Statistics;
using Gateway.Transforms.Reporting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Operations;

[TestFixture]
internal sealed class CallWindowTests
{
    private FakeTimeProvider _time = null!;
    private CallWindow _window = null!;

    [SetUp]
    public void Begin()
    {
        _time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _window = new CallWindow(_time, _time.GetTimestamp());
    }

    private CallRates? LastMinute => CallWindow.LastMinute(_time, [_window]);

    [Test]
    public void LastMinute_WithoutCalls_IsNull() => Assert.That(LastMinute, Is.Null);

    [Test]
    public void LastMinute_TellsFailedFromRefused()
    {
        Add("ok", 60);
        Add("sub-service-failed", 20);
        Add("rate-limited", 30);
        Add("client-gone", 10);
        _time.Advance(TimeSpan.FromSeconds(20));

        var rates = LastMinute!;

        Assert.That((rates.CallsPerSecond, rates.FailedPerSecond, rates.RefusedPerSecond), Is.EqualTo((6, 1, 1.5)));
        Assert.That(rates.Outcomes, Is.EquivalentTo(new Dictionary<string, long> { ["ok"] = 60, ["sub-service-failed"] = 20, ["rate-limited"] = 30, ["client-gone"] = 10 }));
    }

    [Test]
    public void LastMinute_ForgetsWhatIsOlder()
    {
        Add("ok", 100);
        _time.Advance(TimeSpan.FromSeconds(50));
        Add("ok", 1);
        Assert.That(LastMinute!.Outcomes["ok"], Is.EqualTo(101));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(LastMinute!.Outcomes["ok"], Is.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.That(LastMinute, Is.Null);
    }

    [Test]
    public void LastMinute_OfOneThatHasJustBegun_IsNoRateOfAMoment()
    {
        Add("ok", 1);

        Assert.That(LastMinute!.CallsPerSecond, Is.EqualTo(1));
    }

    [TestCase(0.0003)]
    [TestCase(0.004)]
    [TestCase(0.07)]
    [TestCase(1.5)]
    [TestCase(40)]
    public void Quantiles_AreAFifthTooLongAtMost(double seconds)
    {
        for (var i = 1; i <= 1000; i++)
        {
            _window.Add("ok", i * seconds / 500);
        }

        Assert.That(LastMinute!.P50, Is.EqualTo(1000 * seconds).Within(20).Percent.And.GreaterThanOrEqualTo(1000 * seconds * 0.99));
        Assert.That(LastMinute!.P99, Is.EqualTo(1000 * seconds * 1.98).Within(20).Percent.And.GreaterThanOrEqualTo(1000 * seconds * 1.98 * 0.99));
    }

    [Test]
    public void Quantiles_AreNotThoseOfRefusals()
    {
        Add("session-invalid", 1000, 0.0001);
        Assert.That((LastMinute!.P50, LastMinute!.P99), Is.EqualTo(((double?)null, (double?)null)));

        Add("ok", 1, 0.1);
        Assert.That(LastMinute!.P50, Is.GreaterThan(90));
    }

    [Test]
    public void Outcomes_AreDividedWithoutRest() => Assert.That(
        CallMeters.Outcomes.Except(CallMeters.Failures).Except(CallMeters.Refusals), Is.EquivalentTo(new[] { "ok", "client-gone" }));

    private void Add(string outcome, int count, double seconds = 0.01)
    {
        for (var i = 0; i < count; i++)
        {
            _window.Add(outcome, seconds);
        }
    }
}
