using Gateway.Transforms.Identity;

namespace Gateway.Tests.Transforms.Identity;

[TestFixture]
internal sealed class SessionLookupTests
{
    [TestCase(null)]
    [TestCase("")]
    public void Of_NoUserId_IsNobody(string? userId) => Assert.That(SessionLookup.Of(userId), Is.EqualTo(SessionLookup.NotFound));

    [Test]
    public void Of_UserId_IsThatUser()
    {
        var sut = SessionLookup.Of("alice");

        Assert.That((sut.UserId, sut.StoreAnswered), Is.EqualTo(("alice", true)));
    }

    [Test]
    public void StoreDown_IsNobodyToo()
    {
        var sut = SessionLookup.StoreDown;

        Assert.That((sut.UserId, sut.StoreAnswered), Is.EqualTo(((string?)null, false)));
    }

    [Test]
    public void Default_LetsNobodyIn() => Assert.That(default(SessionLookup), Is.EqualTo(SessionLookup.StoreDown));
}
