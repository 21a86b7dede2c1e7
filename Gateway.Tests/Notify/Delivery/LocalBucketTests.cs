using Gateway.Notify.Delivery;

namespace Gateway.Tests.Notify.Delivery;

[TestFixture]
internal sealed class LocalBucketTests
{
    private static readonly TimeSpan Now = TimeSpan.FromMinutes(1);

    /// <summary>Whether the user has sockets by then makes no difference: one may come for each.</summary>
    [Test]
    public void TakeTurn_ManyAtOnce_ComeOneAfterAnother()
    {
        var sut = new LocalBucket();

        Assert.That(
            Enumerable.Range(0, 32).Select(_ => sut.TakeTurn("alice", Now).TotalMilliseconds), Is.EqualTo(Enumerable.Range(0, 32).Select(turn => turn * 50.0)));
        Assert.That(sut.TakeTurn("bob", Now), Is.EqualTo(TimeSpan.Zero));
        Assert.That(sut.TakeTurn("alice", Now + TimeSpan.FromSeconds(2)), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void TakeTurn_ManyUsersInBetween_ForgetsOnlyTurnsThatAreOver()
    {
        var sut = new LocalBucket();
        sut.TakeTurn("alice", Now);
        for (var i = 0; i < 1000; i++)
        {
            sut.TakeTurn($"user-{i}", Now);
        }

        Assert.That(sut.TakeTurn("alice", Now), Is.EqualTo(TimeSpan.FromMilliseconds(50)));
    }
}
