using Gateway.Notify.Delivery.Redis;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify;

/// <summary>When a silent node is taken for dead. Who has been away himself, or sees only a clock jump, buries nobody.</summary>
[TestFixture]
internal sealed class GravesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = 6 * Second;

    private FakeTimeProvider _time = null!;
    private Graves _sut = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _sut = new Graves(Timeout, _time);
    }

    [Test]
    public void Look_LastBeatStaysTheSame_WhileWeWatchForLongEnough_IsDead()
    {
        for (var i = 0; i <= 6; i++)
        {
            Look("1");
            Assert.That(_sut.TakeDead(), Is.Empty, $"After {i} s");
        }

        Look("1");
        Assert.That(_sut.TakeDead().Single().Key, Is.EqualTo("other"));
    }

    [Test]
    public void Look_BeatsAreOldButGoOn_AsAfterAJumpOfTheClock_IsAlive()
    {
        for (var i = 0; i < 20; i++)
        {
            Look($"{i}");
        }

        Assert.That(_sut.TakeDead(), Is.Empty);
    }

    [Test]
    public void Look_AfterHavingBeenAway_BeginsAnew()
    {
        for (var i = 0; i < 6; i++)
        {
            Look("1");
        }

        _time.Advance(10 * Second);
        for (var i = 0; i <= 6; i++)
        {
            Look("1");
            Assert.That(_sut.TakeDead(), Is.Empty, $"{i} s after it has come back");
        }
    }

    private void Look(string lastBeat)
    {
        _sut.Look(new Beat("epoch", IsKnown: true, Seats: 0, Due: 0, Grave: "", [("other", lastBeat)]));
        _time.Advance(Second);
    }
}
