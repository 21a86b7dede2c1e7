using Gateway.Proxy.Push;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Push;

[TestFixture]
internal sealed class MemoryKeysTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public async Task Claim_OfAKnownKey_SaysWhetherItIsPublished()
    {
        var sut = Sut();

        Assert.That(await sut.ClaimAsync("a"), Is.EqualTo(KeyState.New));
        Assert.That(await sut.ClaimAsync("a"), Is.EqualTo(KeyState.UnderWay));
        await sut.SettleAsync("a", isPublished: true);
        Assert.That(await sut.ClaimAsync("a"), Is.EqualTo(KeyState.Published));
    }

    [Test]
    public async Task Settle_WithoutSuccess_FreesTheKey()
    {
        var sut = Sut();
        await sut.ClaimAsync("a");

        await sut.SettleAsync("a", isPublished: false);

        Assert.That(await sut.ClaimAsync("a"), Is.EqualTo(KeyState.New));
    }

    [Test]
    public async Task Claim_AfterItsLife_IsNew()
    {
        var sut = Sut();
        await sut.ClaimAsync("a");
        await sut.SettleAsync("a", isPublished: true);

        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.That(await sut.ClaimAsync("a"), Is.EqualTo(KeyState.New));
    }

    [Test]
    public async Task Claim_OfMoreKeysThanAllowed_ForgetsTheOldest()
    {
        var sut = Sut();
        for (var i = 0; i < 1001; i++)
        {
            await sut.ClaimAsync($"{i}");
            await sut.SettleAsync($"{i}", isPublished: true);
        }

        Assert.That(await sut.ClaimAsync("1000"), Is.EqualTo(KeyState.Published));
        Assert.That(await sut.ClaimAsync("0"), Is.EqualTo(KeyState.New));
    }

    private MemoryKeys Sut() => new(Options.Create(new PushOptions { KeyLife = TimeSpan.FromMinutes(1), MaxKeys = 1000 }), _time);
}
