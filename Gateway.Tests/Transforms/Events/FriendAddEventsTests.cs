using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class FriendAddEventsTests
{
    private static readonly FriendAddReq Request = new() { RequestId = "r1", UserId = "alice", SessionId = "s", RespondentId = "bob" };

    private readonly FriendAddEvents _sut = new();

    [Test]
    public void UsersToLookUp_IsTheApplicant() =>
        Assert.That(_sut.UsersToLookUp("alice", Request, new FriendAddRsp()), Is.EqualTo(new[] { "alice" }));

    [Test]
    public void Notifications_ApplicantKnown_TellTheRespondentWhoApplies() => Assert.That(
        EventHarness.Readable(_sut.Notifications("alice", Request, new FriendAddRsp { Success = true }, EventHarness.Details(EventHarness.Alice))),
        Is.EqualTo(new[]
        {
            ("bob", new NotifyMessage
            {
                NotifyType = NotifyType.FriendAddApplyNotify,
                FriendAddApply = new NotifyFriendAddApply { UserInfo = EventHarness.Alice },
            }),
        }));

    [Test]
    public void Notifications_ApplicantUnknown_TellTheIdAlone() => Assert.That(
        EventHarness.Readable(_sut.Notifications("alice", Request, new FriendAddRsp { Success = true }, UserDetails.None)),
        Is.EqualTo(new[]
        {
            ("bob", new NotifyMessage
            {
                NotifyType = NotifyType.FriendAddApplyNotify,
                FriendAddApply = new NotifyFriendAddApply { UserInfo = new UserInfo { UserId = "alice" } },
            }),
        }));

    [TestCase(true)]
    [TestCase(false)]
    public void Succeeded_IsWhatTheAnswerSays(bool success) => Assert.That(_sut.Succeeded(new FriendAddRsp { Success = success }), Is.EqualTo(success));

    [Test]
    public void Reply_IsTheWholeAnswer()
    {
        var answer = new FriendAddRsp { RequestId = "r1", Success = true, Errmsg = "e", NotifyEventId = "n1" };

        Assert.That(_sut.Reply(answer.Clone()), Is.EqualTo(answer));
    }
}
