using Gateway.Proxy.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void TryTake_FewRequests_AllowsTheLeast() => Assert.That(Taken(new RetryBudget(_time), percent: 0), Is.EqualTo(RetryBudget.Least));

    [Test]
    public void TryTake_ManyRequests_AllowsTheirShareOnTop()
    {
        var sut = new RetryBudget(_time);
        for (var i = 0; i < 1000; i++)
        {
            sut.Count();
        }

        Assert.That(Taken(sut, percent: 20), Is.EqualTo(RetryBudget.Least + 200));
    }

    [Test]
    public void TryTake_TenSecondsLater_AllowsAgain()
    {
        var sut = new RetryBudget(_time);
        Taken(sut, percent: 0);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.That(sut.TryTake(0), Is.False);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(sut.TryTake(0), Is.True);
    }

    private static int Taken(RetryBudget sut, int percent)
    {
        var taken = 0;
        while (sut.TryTake(percent))
        {
            taken++;
        }

        return taken;
    }
}
