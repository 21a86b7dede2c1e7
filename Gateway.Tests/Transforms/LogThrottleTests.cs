using Gateway.Transforms;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms;

[TestFixture]
internal sealed class LogThrottleTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private LogThrottle _sut = null!;

    [SetUp]
    public void SetUp() => _sut = new LogThrottle(_time, Interval);

    [Test]
    public void TryPass_First_PassesWithNoneBefore() => AssertPasses(suppressed: 0);

    [Test]
    public void TryPass_WithinTheInterval_DoesNotPass()
    {
        AssertPasses(suppressed: 0);
        _time.Advance(Interval - TimeSpan.FromTicks(1));

        Assert.That(_sut.TryPass(out _), Is.False);
    }

    [Test]
    public void TryPass_AfterTheInterval_PassesAndTellsHowManyDidNot()
    {
        AssertPasses(suppressed: 0);
        for (var i = 0; i < 5; i++)
        {
            Assert.That(_sut.TryPass(out _), Is.False);
        }

        _time.Advance(Interval);
        AssertPasses(suppressed: 5);

        _time.Advance(Interval);
        AssertPasses(suppressed: 0);
    }

    [Test]
    public void TryPass_HeldBack_DoesNotPutOffTheNext()
    {
        AssertPasses(suppressed: 0);
        _time.Advance(Interval / 2);
        Assert.That(_sut.TryPass(out _), Is.False);
        _time.Advance(Interval / 2);

        AssertPasses(suppressed: 1);
    }

    private void AssertPasses(int suppressed)
    {
        Assert.That(_sut.TryPass(out var count), Is.True);
        Assert.That(count, Is.EqualTo(suppressed));
    }
}
