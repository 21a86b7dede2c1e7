using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class UserDetailsTests
{
    [Test]
    public void Item_Known_IsWhatTheUserServiceTold() => Assert.That(EventHarness.Details(EventHarness.Alice)["alice"], Is.EqualTo(EventHarness.Alice));

    [Test]
    public void Item_Unknown_IsTheIdAlone() => Assert.That(EventHarness.Details(EventHarness.Alice)["bob"], Is.EqualTo(new UserInfo { UserId = "bob" }));

    [Test]
    public void Item_ToldWithoutItsId_HasTheId()
    {
        var sut = new UserDetails(new Dictionary<string, UserInfo> { ["alice"] = new() { Nickname = "Alice" } });

        Assert.That(sut["alice"], Is.EqualTo(new UserInfo { UserId = "alice", Nickname = "Alice" }));
    }
}
