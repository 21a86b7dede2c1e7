using Gateway.Protocol;
using Gateway.Transforms.Events;
using Google.Protobuf;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class ChatSessionCreateEventsTests
{
    private static readonly ChatSessionInfo Chat = new()
    {
        ChatSessionId = "c1",
        ChatSessionName = "Friends",
        Avatar = ByteString.CopyFromUtf8("G"),
        PrevMessage = new MessageInfo { MessageId = "m1", Sender = EventHarness.Bob },
    };

    private readonly ChatSessionCreateEvents _sut = new();

    [Test]
    public void UsersToLookUp_IsNobody() =>
        Assert.That(_sut.UsersToLookUp("alice", new ChatSessionCreateReq { MemberIdList = { "alice", "bob" } }, new ChatSessionCreateRsp()), Is.Empty);

    [TestCase("alice,bob,carol", "alice,bob,carol")]
    [TestCase("bob,alice,carol", "bob,alice,carol", Description = "In the order of the request")]
    [TestCase("bob,carol", "bob,carol,alice", Description = "The creator is told even when not listed")]
    [TestCase("bob,alice,bob,alice,bob", "bob,alice", Description = "Once each")]
    [TestCase("bob,,alice", "bob,alice", Description = "An empty id is nobody")]
    [TestCase("", "alice")]
    public void Notifications_TellEveryMemberOnce(string members, string told)
    {
        var request = new ChatSessionCreateReq { RequestId = "r1", UserId = "alice", MemberIdList = { members.Split(',') } };

        Assert.That(
            EventHarness.Readable(_sut.Notifications("alice", request, new ChatSessionCreateRsp { Success = true, ChatSessionInfo = Chat }, UserDetails.None)),
            Is.EqualTo(new[]
            {
                (told, new NotifyMessage
                {
                    NotifyType = NotifyType.ChatSessionCreateNotify,
                    NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = Chat },
                }),
            }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Succeeded_IsWhatTheAnswerSays(bool success) =>
        Assert.That(_sut.Succeeded(new ChatSessionCreateRsp { Success = success }), Is.EqualTo(success));

    [Test]
    public void Reply_LosesTheChatSession() => Assert.That(
        _sut.Reply(new ChatSessionCreateRsp { RequestId = "r1", Success = true, Errmsg = "e", ChatSessionInfo = Chat }),
        Is.EqualTo(new ChatSessionCreateRsp { RequestId = "r1", Success = true, Errmsg = "e" }));
}
