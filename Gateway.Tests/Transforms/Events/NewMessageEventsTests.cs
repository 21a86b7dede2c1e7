using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class NewMessageEventsTests
{
    private static readonly NewMessageReq Request = new() { RequestId = "r1", UserId = "alice", ChatSessionId = "c1" };

    private static readonly MessageInfo Message = new()
    {
        MessageId = "m1",
        ChatSessionId = "c1",
        Timestamp = 1_700_000_000,
        Sender = EventHarness.Alice,
        Message = new MessageContent { MessageType = MessageType.String, StringMessage = new StringMessageInfo { Content = "你好" } },
    };

    private readonly NewMessageEvents _sut = new();

    [Test]
    public void UsersToLookUp_IsNobody() => Assert.That(_sut.UsersToLookUp("alice", Request, new GetTransmitTargetRsp { TargetIdList = { "bob" } }), Is.Empty);

    [TestCase("bob,carol", "bob,carol")]
    [TestCase("carol,alice,bob", "carol,bob", Description = "Not the sender")]
    [TestCase("bob,carol,bob,alice,alice,carol", "bob,carol", Description = "Once each")]
    [TestCase("bob,,carol", "bob,carol", Description = "An empty id is nobody")]
    [TestCase("bob,Alice", "bob,Alice", Description = "Ids differ by case")]
    public void Notifications_TellEveryTargetButTheSenderOnce(string targets, string told) => Assert.That(
        EventHarness.Readable(_sut.Notifications("alice", Request, Answer(targets), UserDetails.None)),
        Is.EqualTo(new[]
        {
            (told, new NotifyMessage { NotifyType = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = Message } }),
        }));

    [TestCase("alice")]
    [TestCase("")]
    public void Notifications_NobodyElse_TellNobody(string targets) =>
        Assert.That(_sut.Notifications("alice", Request, Answer(targets), UserDetails.None), Is.Empty);

    [TestCase(true)]
    [TestCase(false)]
    public void Succeeded_IsWhatTheAnswerSays(bool success) => Assert.That(_sut.Succeeded(new GetTransmitTargetRsp { Success = success }), Is.EqualTo(success));

    [Test]
    public void Reply_IsNewMessageRsp()
    {
        var reply = _sut.Reply(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Errmsg = "e", Message = Message, TargetIdList = { "bob" } });

        Assert.That(reply, Is.EqualTo(new NewMessageRsp { RequestId = "r1", Success = true, Errmsg = "e" }));
    }

    private static GetTransmitTargetRsp Answer(string targets) =>
        new() { RequestId = "r1", Success = true, Message = Message, TargetIdList = { targets.Split(',') } };
}
