using Gateway.Tests.Functional.Family.RenumberedB;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Family;

/// <summary>Events begin with their id and have other numbers, and so has the text of an error in one answer. Users are asked for one by one.</summary>
[TestFixture]
internal sealed class RenumberedBTests() : FamilyTest("renumbered-b")
{
    private static readonly UserInfo Alice = new() { UserId = "alice", Nickname = "Alice", Avatar = ByteString.CopyFromUtf8("picture of alice") };

    private static GetUserInfoRsp AboutAlice => new() { Success = true, UserInfo = Alice };

    [Test]
    public async Task FriendAdd_TheOneAsked_IsToldWhoAsks()
    {
        Service.AnswerByMethod(new() { ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true, NotifyEventId = "e1" }, ["GetUserInfo"] = AboutAlice });
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(answer, Is.EqualTo(new FriendAddRsp { RequestId = "r1", Success = true, NotifyEventId = "e1" }));
        Assert.That(
            Asked<FriendAddReq>("chat_b.FriendService/FriendAdd"),
            Is.EqualTo(new FriendAddReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice", RespondentId = "bob" }));
        Assert.That(
            await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(new NotifyMessage { EventId = "e1", FriendAddApply = new NotifyFriendAddApply { UserInfo = Alice } }));
    }

    [Test]
    public async Task FriendAdd_WithoutASession_SaysWhyInItsOwnField()
    {
        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-nobody", RespondentId = "bob" });

        Assert.That((answer.RequestId, answer.Success, answer.NotifyEventId), Is.EqualTo(("r1", false, "")));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [Test]
    public async Task FriendRemove_WithoutASession_SaysWhy()
    {
        var answer = await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-nobody", PeerId = "bob" });

        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [Test]
    public async Task FriendAddProcess_Agreed_BothAreToldOfTheirChat()
    {
        var processed = new FriendAddProcessRsp { RequestId = "r1", Success = true, NewSessionId = "c1" };
        Service.OnCall = (context, call) => Support.StubSubService.AnswerAsync(context, call.Path switch
        {
            "/chat_b.FriendService/FriendAddProcess" => processed.ToByteArray(),
            _ when GetUserInfoReq.Parser.ParseFrom(call.Message).UserId == "alice" => AboutAlice.ToByteArray(),
            _ => new GetUserInfoRsp { Success = true, UserInfo = new UserInfo { UserId = "bob", Nickname = "Bob" } }.ToByteArray(),
        });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddProcessRsp>(
            "/service/friend/add_friend_process",
            new FriendAddProcessReq { RequestId = "r1", SessionId = "s-alice", NotifyEventId = "e1", ApplyUserId = "bob", Agree = true });

        Assert.That(answer, Is.EqualTo(new FriendAddProcessRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(new NotifyMessage
        {
            EventId = "e1",
            Type = NotifyType.FriendAddProcessNotify,
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
        await using var bob = await Hub.JoinAsync("bob");

        await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" });

        Assert.That(Convert.ToHexString(await bob.ReceiveRawAsync()), Is.EqualTo("1004" + "2A07" + "0A05616C696365"));
    }

    [Test]
    public async Task ChatSessionCreate_AllMembers_AreToldWhatTheAnswerSays()
    {
        var chat = new ChatSessionInfo { ChatSessionId = "c1", ChatSessionName = "hike" };
        Service.Answer(new ChatSessionCreateRsp { RequestId = "r1", Success = true, ChatSessionInfo = chat });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<ChatSessionCreateRsp>(
            "/service/friend/create_chat_session", new ChatSessionCreateReq { RequestId = "r1", SessionId = "s-alice", MemberIdList = { "bob" } });

        Assert.That(answer, Is.EqualTo(new ChatSessionCreateRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(alice), Is.EqualTo(NewChat(chat)));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(NewChat(chat)));
    }

    [Test]
    public async Task NewMessage_TargetsButTheSender_AreTold()
    {
        var message = new MessageInfo { MessageId = "m1", ChatSessionId = "c1", Sender = Alice };
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = message, TargetIdList = { "alice", "bob" } });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<GetTransmitTargetRsp>("/service/message_transmit/new_message", new NewMessageReq { RequestId = "r1", SessionId = "s-alice", ChatSessionId = "c1" });

        Assert.That(answer, Is.EqualTo(new GetTransmitTargetRsp { RequestId = "r1", Success = true }));
        Assert.That(
            await ReceiveAsync<NotifyMessage>(bob),
            Is.EqualTo(new NotifyMessage { Type = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = message } }));
        await AssertNoMoreAsync(alice, "alice");
    }

    [Test]
    public async Task CallThatIsMissingInTheDescriptorSet_IsRefused()
    {
        const string Search = """
            "Routes": {
              "friend-search": {
                "ClusterId": "friend",
                "Match": { "Path": "/service/friend/search_friend", "Methods": [ "POST" ] },
                "Transforms": [ { "Rpc": "chat_b.FriendService/FriendSearch", "Session": "Required" } ]
              },
            """;
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var routes = await File.ReadAllTextAsync(Routes);
        await File.WriteAllTextAsync(file, routes.Replace("\"Routes\": {", Search, StringComparison.Ordinal));

        var lines = Validate(file);
        File.Delete(file);

        Assert.That(lines, Is.EqualTo(new[]
        {
            "Route 'friend-search': 'FriendSearchReq' would be read as it is built in, but a descriptor set numbers 'FriendAddReq' in another way, so the user id may stand elsewhere; "
                + "add 'chat_b.FriendService/FriendSearch' to the descriptor set.",
        }));
    }

    private static NotifyMessage NewChat(ChatSessionInfo chat) =>
        new() { Type = NotifyType.ChatSessionCreateNotify, NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = chat } };
}
