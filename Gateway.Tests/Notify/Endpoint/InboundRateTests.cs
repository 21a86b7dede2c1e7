using Gateway.Notify.Endpoint;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify.Endpoint;

[TestFixture]
internal sealed class InboundRateTests
{
    [Test]
    public void TryTake_AsManyAsMayCome_AndNoMore_InEverySecond()
    {
        var time = new FakeTimeProvider();
        var sut = new InboundRate(perSecond: 3, time);
        for (var second = 0; second < 5; second++)
        {
            Assert.That(new[] { sut.TryTake(), sut.TryTake(), sut.TryTake(), sut.TryTake() }, Is.EqualTo(new[] { true, true, true, false }), $"Second {second}");
            time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
            Assert.That(sut.TryTake(), Is.False, $"Second {second} is not over");
            time.Advance(TimeSpan.FromTicks(1));
        }
    }
}
