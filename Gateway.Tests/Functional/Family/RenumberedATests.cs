using Gateway.Tests.Functional.Family.RenumberedA;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Family;

/// <summary>The session field has another name and number and is optional, the events have other numbers, users a <c>name</c>.</summary>
[TestFixture]
internal sealed class RenumberedATests() : FamilyTest("renumbered-a")
{
    private static readonly UserInfo Alice = new() { UserId = "alice", Name = "Alice", Description = "busy", Avatar = ByteString.CopyFromUtf8("picture of alice") };
    private static readonly UserInfo Bob = new() { UserId = "bob", Name = "Bob" };

    private static GetMultiUserInfoRsp Everybody => new() { Success = true, UsersInfo = { ["alice"] = Alice, ["bob"] = Bob } };

    [Test]
    public async Task Call_TellsWhoItIs()
    {
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = Alice });

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", LoginSessionId = "s-alice", UserId = "mallory" });

        Assert.That(answer.UserInfo, Is.EqualTo(Alice));
        Assert.That(Asked<GetUserInfoReq>("chat_a.UserService/GetUserInfo"), Is.EqualTo(new GetUserInfoReq { RequestId = "r1", LoginSessionId = "s-alice", UserId = "alice" }));
    }

    [TestCase("s-nobody")]
    [TestCase(null)]
    public async Task Call_WithoutASession_SaysWhy(string? session)
    {
        var request = new FriendRemoveReq { RequestId = "r1", PeerId = "bob" };
        if (session is not null)
        {
            request.LoginSessionId = session;
        }

        var answer = await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", request);

        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [Test]
    public async Task FriendAdd_TheOneAsked_IsToldWhoAsks()
    {
        Service.AnswerByMethod(new() { ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true }, ["GetMultiUserInfo"] = Everybody });
        await using var bob = await Hub.JoinAsync("bob");

        await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", LoginSessionId = "s-alice", RespondentId = "bob" });

        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(new NotifyMessage { FriendAddSend = new NotifyFriendAddApply { UserInfo = Alice } }));
        Assert.That(Asked<FriendAddReq>("chat_a.FriendService/FriendAdd").UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task FriendAddProcess_Agreed_BothAreToldOfTheirChat()
    {
        var processed = new FriendAddProcessRsp { RequestId = "r1", Success = true, NewChatSessionId = "c1" };
        Service.AnswerByMethod(new() { ["FriendAddProcess"] = processed, ["GetMultiUserInfo"] = Everybody });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddProcessRsp>(
            "/service/friend/add_friend_process", new FriendAddProcessReq { RequestId = "r1", LoginSessionId = "s-alice", ApplyUserId = "bob", Agree = true });

        Assert.That(answer, Is.EqualTo(new FriendAddProcessRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(new NotifyMessage
        {
            NotifyType = NotifyType.FriendAddProcessNotify,
            FriendAddProcess = new NotifyFriendAddProcess { Agree = true, UserInfo = Alice },
        }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(NewChat(
            new ChatSessionInfo { SingleChatFriendId = "alice", ChatSessionId = "c1", ChatSessionName = "Alice", Avatar = Alice.Avatar })));
        Assert.That(await ReceiveAsync<NotifyMessage>(alice), Is.EqualTo(NewChat(
            new ChatSessionInfo { SingleChatFriendId = "bob", ChatSessionId = "c1", ChatSessionName = "Bob" })));
    }

    [Test]
    public async Task FriendRemove_TheOther_IsTold()
    {
        Service.Answer(new FriendRemoveRsp { RequestId = "r1", Success = true });
        await using var bob = await NotifyClient.OpenAsync(Hub.WebSocketPort);
        await bob.SendAsync(new ClientAuthenticationReq { RequestId = "r1", LoginSessionId = "s-bob" }.ToByteArray());
        await Eventually.That(() => Hub.SocketsOf("bob") == 1, "Bob has not been let in");

        await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", LoginSessionId = "s-alice", PeerId = "bob" });

        Assert.That(Convert.ToHexString(await bob.ReceiveRawAsync()), Is.EqualTo("0802" + "2207" + "0A05616C696365"));
    }

    [Test]
    public async Task ChatSessionCreate_AllMembers_AreToldWhatTheAnswerSays()
    {
        var chat = new ChatSessionInfo { ChatSessionId = "c1", ChatSessionName = "hike" };
        Service.Answer(new ChatSessionCreateRsp { RequestId = "r1", Success = true, ChatSessionInfo = chat });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<ChatSessionCreateRsp>(
            "/service/friend/create_chat_session", new ChatSessionCreateReq { RequestId = "r1", LoginSessionId = "s-alice", MemberIdList = { "alice", "bob" } });

        Assert.That(answer, Is.EqualTo(new ChatSessionCreateRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(alice), Is.EqualTo(NewChat(chat)));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(NewChat(chat)));
    }

    [Test]
    public async Task NewMessage_TargetsButTheSender_AreTold_AndTheSenderReadsNoTargets()
    {
        var message = new MessageInfo
        {
            MessageId = "m1",
            Sender = Alice,
            Message = new MessageContent { MessageType = MessageType.String, StringMessage = new StringMessageInfo { Content = "hi" } },
        };
        Service.Answer(new NewMessageRsp { RequestId = "r1", Success = true, MessageInfo = message, TargetsId = { "alice", "bob", "carol" } });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");
        await using var carol = await Hub.JoinAsync("carol");

        var answer = await CallAsync<NewMessageRsp>(
            "/service/message_transmit/new_message", new NewMessageReq { RequestId = "r1", LoginSessionId = "s-alice", ChatSessionId = "c1", Message = message.Message });

        var expected = new NotifyMessage { NotifyType = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = message } };
        Assert.That(answer, Is.EqualTo(new NewMessageRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(expected));
        Assert.That(await ReceiveAsync<NotifyMessage>(carol), Is.EqualTo(expected));
        await AssertNoMoreAsync(alice, "alice");
    }

    [Test]
    public async Task UsersOfTheContract_WhoseFieldsHaveOtherNumbers_AreRefused()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var routes = await File.ReadAllTextAsync(Routes);
        await File.WriteAllTextAsync(file, routes.Replace("chat_a.UserService/GetMultiUserInfo", "bite_im.UserService/GetMultiUserInfo", StringComparison.Ordinal));

        var lines = Validate(file);
        File.Delete(file);

        Assert.That(lines, Has.Some.EqualTo(
            "Route 'friend-add': Notify:0:Set:friend_add_send.user_info is '$user(caller)', but that is a UserInfo, and 'user_info' of NotifyFriendAddApply "
            + "is a UserInfo with other fields, of another file; name a field of the same kind."));
    }

    private static NotifyMessage NewChat(ChatSessionInfo chat) =>
        new() { NotifyType = NotifyType.ChatSessionCreateNotify, NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = chat } };
}
