using Gateway.Notify.Connections;

namespace Gateway.Tests.Notify;

[TestFixture]
internal sealed class UserSocketsTests
{
    [Test]
    public void TakeResume_ManyAtOnce_HaveTheirTurnOneAfterAnother()
    {
        var sut = new UserSockets();
        var now = TimeSpan.FromMinutes(1);

        Assert.That(
            Enumerable.Range(0, 32).Select(_ => sut.TakeResume(now).TotalMilliseconds), Is.EqualTo(Enumerable.Range(0, 32).Select(turn => turn * 50.0)));
        Assert.That(sut.TakeResume(now + TimeSpan.FromSeconds(2)).TotalMilliseconds, Is.Zero);
    }
}
