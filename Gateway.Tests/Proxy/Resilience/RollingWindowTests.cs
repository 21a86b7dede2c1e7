using Gateway.Proxy.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class RollingWindowTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Advance_ForgetsSecondBySecond()
    {
        var sut = new RollingWindow(_time);
        List<(int, int)> seen = [];
        for (var i = 0; i < 3; i++)
        {
            sut.Add(2, 1);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _time.Advance(TimeSpan.FromSeconds(6));
        for (var i = 0; i < 4; i++)
        {
            sut.Advance();
            seen.Add((sut.Events, sut.Marked));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(seen, Is.EqualTo(new[] { (6, 3), (4, 2), (2, 1), (0, 0) }));
    }

    [Test]
    public void Advance_AfterALongPause_ForgetsAll()
    {
        var sut = new RollingWindow(_time);
        sut.Add(5, 5);
        _time.Advance(TimeSpan.FromHours(1));

        sut.Advance();

        Assert.That((sut.Events, sut.Marked), Is.EqualTo((0, 0)));
    }
}
