using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class FriendRemoveEventsTests
{
    private static readonly FriendRemoveReq Request = new() { RequestId = "r1", UserId = "alice", PeerId = "bob" };

    private readonly FriendRemoveEvents _sut = new();

    [Test]
    public void UsersToLookUp_IsNobody() => Assert.That(_sut.UsersToLookUp("alice", Request, new FriendRemoveRsp()), Is.Empty);

    [Test]
    public void Notifications_TellThePeerWhoRemovedThem() => Assert.That(
        EventHarness.Readable(_sut.Notifications("alice", Request, new FriendRemoveRsp { Success = true }, UserDetails.None)),
        Is.EqualTo(new[]
        {
            ("bob", new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }),
        }));

    [TestCase(true)]
    [TestCase(false)]
    public void Succeeded_IsWhatTheAnswerSays(bool success) => Assert.That(_sut.Succeeded(new FriendRemoveRsp { Success = success }), Is.EqualTo(success));

    [Test]
    public void Reply_IsTheWholeAnswer() => Assert.That(
        _sut.Reply(new FriendRemoveRsp { RequestId = "r1", Success = true, Errmsg = "e" }),
        Is.EqualTo(new FriendRemoveRsp { RequestId = "r1", Success = true, Errmsg = "e" }));
}
