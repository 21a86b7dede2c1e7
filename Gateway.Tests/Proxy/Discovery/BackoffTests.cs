using Gateway.Proxy.Discovery;

namespace Gateway.Tests.Proxy.Discovery;

public sealed class BackoffTests
{
    private Backoff _sut;

    [SetUp]
    public void SetUp() => _sut = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), new Random(1));

    [Test]
    public void Next_AgainAndAgain_DoublesUpToTheMaximum()
    {
        foreach (var full in new[] { 100, 200, 400, 800, 1600, 3200, 5000, 5000 })
        {
            Assert.That(_sut.Next().TotalMilliseconds, Is.InRange(full / 2, full));
        }
    }

    [Test]
    public void Next_AfterThousandsOfFailures_StaysAtTheMaximum()
    {
        for (var i = 0; i < 5000; i++)
        {
            _sut.Next();
        }

        Assert.That(_sut.Next(), Is.InRange(TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void Reset_StartsFromTheMinimum()
    {
        _sut.Next();
        _sut.Next();
        _sut.Reset();

        Assert.That(_sut.Next(), Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(100)));
    }
}
