using Gateway.Transforms.Bodies;

namespace Gateway.Tests.Transforms.Bodies;

[TestFixture]
internal sealed class RequestBudgetTests
{
    private readonly RequestBudget _sut = new(100);

    [SetUp]
    public void SetUp() => Assert.That((_sut.Held, _sut.HeldOfUnknown), Is.EqualTo((0L, 0L)));

    [Test]
    public void TryTake_Unknown_GetsAQuarterAndNoMore()
    {
        Assert.That(_sut.TryTake(25, isKnown: false), Is.True);
        Assert.That(_sut.TryTake(1, isKnown: false), Is.False);
        Assert.That(_sut.TryTake(75, isKnown: true), Is.True);
        Assert.That((_sut.Held, _sut.HeldOfUnknown), Is.EqualTo((100L, 25L)));

        _sut.GiveBack(25, isKnown: false);
        _sut.GiveBack(75, isKnown: true);
    }

    [Test]
    public void TryTake_AllTakenByKnown_LeavesUnknownNothing()
    {
        Assert.That(_sut.TryTake(100, isKnown: true), Is.True);
        Assert.That(_sut.TryTake(1, isKnown: true), Is.False);
        Assert.That(_sut.TryTake(1, isKnown: false), Is.False);
        Assert.That((_sut.Held, _sut.HeldOfUnknown), Is.EqualTo((100L, 0L)));

        _sut.GiveBack(100, isKnown: true);
    }

    [Test]
    public void Identify_MovesFromTheQuarterOfTheUnknown()
    {
        Assert.That(_sut.TryTake(25, isKnown: false), Is.True);

        _sut.Identify(25);

        Assert.That((_sut.Held, _sut.HeldOfUnknown), Is.EqualTo((25L, 0L)));
        Assert.That(_sut.TryTake(25, isKnown: false), Is.True);
        _sut.GiveBack(25, isKnown: true);
        _sut.GiveBack(25, isKnown: false);
    }
}
