using Gateway.Notify.Delivery.Redis;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify.Delivery.Redis;

/// <summary>When a silent node is taken for dead. Who has been away himself, or sees only a clock jump, buries nobody.</summary>
[TestFixture]
internal sealed class DeadNodesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = 6 * Second;

    private FakeTimeProvider _time = null!;
    private DeadNodes _sut = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _sut = new DeadNodes(Timeout, _time);
    }

    [Test]
    public void Look_LastBeatStaysTheSame_WhileWeWatchForLongEnough_IsDead()
    {
        for (var i = 0; i <= 6; i++)
        {
            Assert.That(Look("1"), Is.Empty, $"After {i} s");
        }

        Assert.That(Look("1"), Is.EqualTo([("other", "1")]));
    }

    [Test]
    public void Look_BeatsAreOldButGoOn_AsAfterAJumpOfTheClock_IsAlive()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.That(Look($"{i}"), Is.Empty);
        }
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
            Assert.That(Look("1"), Is.Empty, $"{i} s after it has come back");
        }
    }

    private IReadOnlyList<(string Node, string LastBeat)> Look(string lastBeat)
    {
        var dead = _sut.Find([("other", lastBeat)]);
        _time.Advance(Second);
        return dead;
    }
}
