using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Alice applied; Bob decides.</summary>
[TestFixture]
internal sealed class FriendAddProcessEventsTests
{
    private static readonly FriendAddProcessReq Agreed = new() { RequestId = "r1", UserId = "bob", ApplyUserId = "alice", Agree = true };
    private static readonly FriendAddProcessReq Declined = new() { RequestId = "r1", UserId = "bob", ApplyUserId = "alice", Agree = false };
    private static readonly FriendAddProcessRsp Answer = new() { RequestId = "r1", Success = true, NewSessionId = "c1" };

    private readonly FriendAddProcessEvents _sut = new();

    [Test]
    public void UsersToLookUp_Agreed_AreBoth() => Assert.That(_sut.UsersToLookUp("bob", Agreed, Answer), Is.EquivalentTo(new[] { "alice", "bob" }));

    [Test]
    public void UsersToLookUp_Declined_IsTheOneWhoDecided() => Assert.That(_sut.UsersToLookUp("bob", Declined, Answer), Is.EqualTo(new[] { "bob" }));

    [Test]
    public void Notifications_Agreed_TellTheApplicantAndThenBothOfTheChat() => Assert.That(
        EventHarness.Readable(_sut.Notifications("bob", Agreed, Answer, EventHarness.Details(EventHarness.Alice, EventHarness.Bob))),
        Is.EqualTo(new[]
        {
            ("alice", Decision(agree: true, EventHarness.Bob)),
            ("alice", NewChat(new ChatSessionInfo
            {
                SingleChatFriendId = "bob", ChatSessionId = "c1", ChatSessionName = "Bob", Avatar = EventHarness.Bob.Avatar,
            })),
            ("bob", NewChat(new ChatSessionInfo
            {
                SingleChatFriendId = "alice", ChatSessionId = "c1", ChatSessionName = "Alice", Avatar = EventHarness.Alice.Avatar,
            })),
        }));

    [Test]
    public void Notifications_Declined_TellTheApplicantAndNobodyOfAChat() => Assert.That(
        EventHarness.Readable(_sut.Notifications("bob", Declined, Answer, EventHarness.Details(EventHarness.Bob))),
        Is.EqualTo(new[] { ("alice", Decision(agree: false, EventHarness.Bob)) }));

    [Test]
    public void Notifications_AgreedAndNobodyKnown_TellIdsAlone() => Assert.That(
        EventHarness.Readable(_sut.Notifications("bob", Agreed, Answer, UserDetails.None)),
        Is.EqualTo(new[]
        {
            ("alice", Decision(agree: true, new UserInfo { UserId = "bob" })),
            ("alice", NewChat(new ChatSessionInfo { SingleChatFriendId = "bob", ChatSessionId = "c1" })),
            ("bob", NewChat(new ChatSessionInfo { SingleChatFriendId = "alice", ChatSessionId = "c1" })),
        }));

    [TestCase(true)]
    [TestCase(false)]
    public void Succeeded_IsWhatTheAnswerSays(bool success) =>
        Assert.That(_sut.Succeeded(new FriendAddProcessRsp { Success = success }), Is.EqualTo(success));

    [Test]
    public void Reply_LosesTheChatSession() => Assert.That(
        _sut.Reply(new FriendAddProcessRsp { RequestId = "r1", Success = true, Errmsg = "e", NewSessionId = "c1" }),
        Is.EqualTo(new FriendAddProcessRsp { RequestId = "r1", Success = true, Errmsg = "e" }));

    private static NotifyMessage Decision(bool agree, UserInfo by) => new()
    {
        NotifyType = NotifyType.FriendAddProcessNotify,
        FriendProcessResult = new NotifyFriendAddProcess { Agree = agree, UserInfo = by },
    };

    private static NotifyMessage NewChat(ChatSessionInfo chat) => new()
    {
        NotifyType = NotifyType.ChatSessionCreateNotify,
        NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = chat },
    };
}
