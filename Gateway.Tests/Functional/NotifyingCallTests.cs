using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>The five calls that somebody else is told about: who, what, and what is left in the reply.</summary>
[TestFixture]
internal sealed class NotifyingCallTests : GatewayTest
{
    private const string FriendAdd = "/service/friend/add_friend_apply";
    private const string FriendProcess = "/service/friend/add_friend_process";
    private const string FriendRemove = "/service/friend/remove_friend";
    private const string ChatCreate = "/service/friend/create_chat_session";
    private const string NewMessage = "/service/message_transmit/new_message";

    private static readonly UserInfo AliceInfo = new() { UserId = "alice", Nickname = "Alice", Avatar = ByteString.CopyFromUtf8("picture of alice") };
    private static readonly UserInfo BobInfo = new() { UserId = "bob", Nickname = "Bob", Avatar = ByteString.CopyFromUtf8("picture of bob") };

    private static readonly FriendAddReq AddBob = new() { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" };

    private static GetMultiUserInfoRsp Everybody => new() { Success = true, UsersInfo = { ["alice"] = AliceInfo, ["bob"] = BobInfo } };

    /// <summary>A busy machine is not a user service that is late.</summary>
    protected override Dictionary<string, string?> Settings => new() { ["Gateway:Events:LookUpTimeout"] = "00:00:10" };

    [Test]
    public async Task FriendAdd_TheOneAsked_IsToldWhoAsks()
    {
        Service.AnswerByMethod(new() { ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true, NotifyEventId = "e1" }, ["GetMultiUserInfo"] = Everybody });

        var answer = await Gateway.CallAsync<FriendAddRsp>(FriendAdd, AddBob);

        Assert.That(answer, Is.EqualTo(new FriendAddRsp { RequestId = "r1", Success = true, NotifyEventId = "e1" }));
        AssertPublished((["bob"], new NotifyMessage
        {
            NotifyType = NotifyType.FriendAddApplyNotify,
            FriendAddApply = new NotifyFriendAddApply { UserInfo = AliceInfo },
        }));
        var lookUp = Service.Calls.Single(call => call.Path == "/bite_im.UserService/GetMultiUserInfo");
        Assert.That(GetMultiUserInfoReq.Parser.ParseFrom(lookUp.Message).UsersId, Is.EqualTo(new[] { "alice" }));
    }

    [Test]
    public async Task FriendAddProcess_Agreed_BothAreToldOfTheirChat()
    {
        Service.AnswerByMethod(new() { ["FriendAddProcess"] = new FriendAddProcessRsp { RequestId = "r1", Success = true, NewSessionId = "c1" }, ["GetMultiUserInfo"] = Everybody });

        var answer = await Gateway.CallAsync<FriendAddProcessRsp>(
            FriendProcess, new FriendAddProcessReq { RequestId = "r1", SessionId = "s-alice", Agree = true, ApplyUserId = "bob" });

        Assert.That(answer, Is.EqualTo(new FriendAddProcessRsp { RequestId = "r1", Success = true }));
        AssertPublished(
            (["bob"], new NotifyMessage
            {
                NotifyType = NotifyType.FriendAddProcessNotify,
                FriendProcessResult = new NotifyFriendAddProcess { Agree = true, UserInfo = AliceInfo },
            }),
            (["bob"], NewChat(AliceInfo)),
            (["alice"], NewChat(BobInfo)));
    }

    [Test]
    public async Task FriendAddProcess_Declined_OnlyTheApplicantIsTold()
    {
        Service.AnswerByMethod(new() { ["FriendAddProcess"] = new FriendAddProcessRsp { RequestId = "r1", Success = true }, ["GetMultiUserInfo"] = Everybody });

        await Gateway.CallAsync<FriendAddProcessRsp>(FriendProcess, new FriendAddProcessReq { RequestId = "r1", SessionId = "s-alice", ApplyUserId = "bob" });

        AssertPublished((["bob"], new NotifyMessage
        {
            NotifyType = NotifyType.FriendAddProcessNotify,
            FriendProcessResult = new NotifyFriendAddProcess { UserInfo = AliceInfo },
        }));
    }

    [Test]
    public async Task FriendRemove_TheOther_IsToldByWhom()
    {
        Service.Answer(new FriendRemoveRsp { RequestId = "r1", Success = true });

        await Gateway.CallAsync<FriendRemoveRsp>(FriendRemove, new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", UserId = "mallory", PeerId = "bob" });

        AssertPublished((["bob"], new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }));
        Assert.That(Service.Calls, Has.Count.EqualTo(1), "Nobody's details are needed");
    }

    [Test]
    public async Task ChatSessionCreate_EveryMember_IsToldOnce()
    {
        var chat = new ChatSessionInfo { ChatSessionId = "c1", ChatSessionName = "us", Avatar = ByteString.CopyFromUtf8("picture") };
        Service.Answer(new ChatSessionCreateRsp { RequestId = "r1", Success = true, ChatSessionInfo = chat });

        var answer = await Gateway.CallAsync<ChatSessionCreateRsp>(
            ChatCreate, new ChatSessionCreateReq { RequestId = "r1", SessionId = "s-alice", ChatSessionName = "us", MemberIdList = { "alice", "bob", "carol", "bob" } });

        Assert.That(answer, Is.EqualTo(new ChatSessionCreateRsp { RequestId = "r1", Success = true }));
        AssertPublished((["alice", "bob", "carol"], new NotifyMessage
        {
            NotifyType = NotifyType.ChatSessionCreateNotify,
            NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = chat },
        }));
    }

    [Test]
    public async Task NewMessage_EveryTargetButTheSender_IsToldAndTheReplyChangesType()
    {
        var message = new MessageInfo { MessageId = "m1", ChatSessionId = "c1", Sender = AliceInfo, Message = new MessageContent { StringMessage = new StringMessageInfo { Content = "hi" } } };
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Errmsg = "fine", Message = message, TargetIdList = { "alice", "bob", "carol", "bob" } });

        using var response = await PostAsync(NewMessage, NewMessageReq("hi"));

        var expected = new NewMessageRsp { RequestId = "r1", Success = true, Errmsg = "fine" };
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(expected.ToByteArray()), "Nothing of the list of targets is left");
        Assert.That(Service.LastCall.Path, Is.EqualTo("/bite_im.MsgTransmitService/GetTransmitTarget"));
        AssertPublished((["bob", "carol"], new NotifyMessage { NotifyType = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = message } }));
    }

    [Test]
    public async Task NewMessage_WithAPictureOfMegabytes_IsToldWhole()
    {
        var message = new MessageInfo { MessageId = "m1", Message = new MessageContent { ImageMessage = new ImageMessageInfo { ImageContent = ByteString.CopyFrom(new byte[3 << 20]) } } };
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = message, TargetIdList = { "bob" } });

        var answer = await Gateway.CallAsync<NewMessageRsp>(NewMessage, NewMessageReq("hi"));

        Assert.That(answer.Success, Is.True);
        Assert.That(Gateway.Published.Notifications.Single().Message.NewMessageInfo.MessageInfo, Is.EqualTo(message));
    }

    /// <summary>Parsers refuse it, so nobody could be told of it.</summary>
    [TestCase(new byte[] { 0xC0, 0x80 }, Description = "No UTF-8")]
    [TestCase(null, Description = "A message within that ends too early")]
    public async Task NewMessage_ThatCannotBeParsed_IsRefusedBeforeAnybodyActs(byte[]? text)
    {
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, TargetIdList = { "bob" } });
        var content = text is null ? [0x12, 5, 0x0A] : Raw.Bytes(MessageContent.StringMessageFieldNumber, Raw.Bytes(StringMessageInfo.ContentFieldNumber, text));
        var request = Raw.Join(
            new NewMessageReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray(), Raw.Bytes(Protocol.NewMessageReq.MessageFieldNumber, content));

        await AssertRefusedAsync(await Gateway.PostAsync(NewMessage, request), "bad-request");

        Assert.That(Gateway.Published.Notifications, Is.Empty);
    }

    /// <summary>It has been sent by then, and nobody could read it.</summary>
    [Test]
    public async Task NewMessage_AnsweredWithTextThatIsNoUtf8_CostsTheEventAlone()
    {
        var answer = Raw.Join(
            new GetTransmitTargetRsp { RequestId = "r1", Success = true, TargetIdList = { "bob" } }.ToByteArray(),
            Raw.Bytes(GetTransmitTargetRsp.MessageFieldNumber, Raw.Bytes(MessageInfo.MessageIdFieldNumber, [0xC0, 0x80])));
        Service.AnswerRaw(StubSubService.Frame(answer));

        var reply = await Gateway.CallAsync<NewMessageRsp>(NewMessage, NewMessageReq("hi"));

        Assert.That(reply, Is.EqualTo(new NewMessageRsp { RequestId = "r1", Success = true }));
        Assert.That(Gateway.Published.Notifications, Is.Empty);
        Assert.That(Gateway.Log.Named("EventUnreadable"), Has.Count.EqualTo(1));
    }

    public static IEnumerable<TestCaseData> Unsuccessful()
    {
        yield return new TestCaseData(FriendAdd, new FriendAddRsp { RequestId = "r1", Errmsg = "no" });
        yield return new TestCaseData(FriendProcess, new FriendAddProcessRsp { RequestId = "r1", Errmsg = "no" });
        yield return new TestCaseData(FriendRemove, new FriendRemoveRsp { RequestId = "r1", Errmsg = "no" });
        yield return new TestCaseData(ChatCreate, new ChatSessionCreateRsp { RequestId = "r1", Errmsg = "no" });
        yield return new TestCaseData(NewMessage, new GetTransmitTargetRsp { RequestId = "r1", Errmsg = "no", TargetIdList = { "bob" } });
    }

    [TestCaseSource(nameof(Unsuccessful))]
    public async Task Call_SubServiceSaysNo_NobodyIsTold(string path, IMessage answer)
    {
        Service.Answer(answer);

        using var response = await Gateway.PostAsync(path, SessionOnly(path));

        var reply = await GatewayFixture.ParseAsync<NewMessageRsp>(response);
        Assert.That((reply.RequestId, reply.Success, reply.Errmsg), Is.EqualTo(("r1", false, "no")));
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Gateway.Published.Notifications, Is.Empty);
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_SubServiceFails_NobodyIsTold()
    {
        Service.Fail(14, "");

        await AssertFailedAsync(await PostAsync(FriendAdd, AddBob), "no-instance");

        Assert.That(Gateway.Published.Notifications, Is.Empty);
    }

    [Test]
    public async Task Call_AnswerIsNoSuchMessage_IsASubServiceFailure()
    {
        Service.AnswerRaw(StubSubService.Frame([0xFF]));

        await AssertFailedAsync(await PostAsync(FriendAdd, AddBob), "sub-service-failed");

        Assert.That(Gateway.Published.Notifications, Is.Empty);
    }

    [Test]
    public async Task Call_PublisherFails_SucceedsNevertheless()
    {
        Service.AnswerByMethod(new() { ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true }, ["GetMultiUserInfo"] = Everybody });
        Gateway.Published.Failure = new InvalidOperationException("the hub is gone");

        var answer = await Gateway.CallAsync<FriendAddRsp>(FriendAdd, AddBob);

        Assert.That(answer.Success, Is.True);
        Assert.That(Gateway.Log.Named("PublishFailed"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_NoSession_NobodyIsTold()
    {
        await AssertRefusedAsync(await PostAsync(FriendAdd, new FriendAddReq { RequestId = "r1", UserId = "alice", RespondentId = "bob" }), "session-invalid");

        Assert.That(Gateway.Published.Notifications, Is.Empty);
    }

    private static NewMessageReq NewMessageReq(string text) => new()
    {
        RequestId = "r1",
        SessionId = "s-alice",
        ChatSessionId = "c1",
        Message = new MessageContent { StringMessage = new StringMessageInfo { Content = text } },
    };

    private static byte[] SessionOnly(string path) => path switch
    {
        FriendAdd => AddBob.ToByteArray(),
        FriendProcess => new FriendAddProcessReq { RequestId = "r1", SessionId = "s-alice", Agree = true, ApplyUserId = "bob" }.ToByteArray(),
        FriendRemove => new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" }.ToByteArray(),
        ChatCreate => new ChatSessionCreateReq { RequestId = "r1", SessionId = "s-alice", MemberIdList = { "bob" } }.ToByteArray(),
        _ => NewMessageReq("hi").ToByteArray(),
    };

    private static NotifyMessage NewChat(UserInfo other) => new()
    {
        NotifyType = NotifyType.ChatSessionCreateNotify,
        NewChatSessionInfo = new NotifyNewChatSession
        {
            ChatSessionInfo = new ChatSessionInfo { SingleChatFriendId = other.UserId, ChatSessionId = "c1", ChatSessionName = other.Nickname, Avatar = other.Avatar },
        },
    };

    /// <summary>Exactly these, in this order; the event id is the hub's business.</summary>
    private void AssertPublished(params (string[] Recipients, NotifyMessage Message)[] expected)
    {
        var published = Gateway.Published.Notifications;
        Assert.That(published.Select(notification => notification.Message), Is.EqualTo(expected.Select(e => e.Message)));
        Assert.That(published.Select(notification => notification.Recipients.Order()), Is.EqualTo(expected.Select(e => e.Recipients)));
    }
}
