using Gateway.Protocol;
using Gateway.Tests.Functional.Family.HeaderEnvelope;
using Gateway.Tests.Support;
using Google.Protobuf;
using FriendAddReq = Gateway.Tests.Functional.Family.HeaderEnvelope.FriendAddReq;
using FriendAddRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.FriendAddRsp;
using GetChatSessionMemberRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetChatSessionMemberRsp;
using GetMultiUserInfoRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetMultiUserInfoRsp;
using GetUserInfoReq = Gateway.Tests.Functional.Family.HeaderEnvelope.GetUserInfoReq;
using GetUserInfoRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetUserInfoRsp;
using UserInfo = Gateway.Tests.Functional.Family.HeaderEnvelope.UserInfo;

namespace Gateway.Tests.Functional.Family;

/// <summary>
/// Answers say within a message of their own how the call went. Clients show a token beside the message, and sub-services are told beside it who calls.
/// </summary>
[TestFixture]
[Servers]
internal sealed class HeaderEnvelopeTests() : FamilyTest("header-envelope")
{
    private const string Secret = "the secret of this deployment, which its login service signs with";

    private RedisProcess _redis = null!;

    private static ResponseHeader Good => new() { RequestId = "r1", Success = true };

    private static string Token(string user, string id = "j1") => TestTokens.Hs256(TestTokens.Claims(user, ("jti", id)), Secret);

    public override async Task StartAsync()
    {
        await base.StartAsync();
        Show(Token("alice"));
        await Eventually.That(
            async () => (await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" })).Header is not { ErrorCode: 503 }, "the gateway has not found Redis");
    }

    public override async Task StopAsync()
    {
        await base.StopAsync();
        await _redis.DisposeAsync();
    }

    [SetUp]
    public void LogIn() => Show(Token("alice"));

    [Test]
    public async Task Call_TellsWhoItIs()
    {
        var expected = new GetUserInfoRsp { Header = Good, UserInfo = new UserInfo { UserId = "alice" } };
        Service.Answer(expected);

        Assert.That(await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" }), Is.EqualTo(expected));
        Assert.That(Asked<GetUserInfoReq>("header_im.UserService/GetUserInfo").UserId, Is.EqualTo("alice"));
        Assert.That(Service.LastCall.Headers["x-user-id"], Is.EqualTo("alice"));
    }

    [Test]
    public async Task Answer_SaysTheTraceThatTheSubServiceWasTold()
    {
        Service.Answer(new GetUserInfoRsp { Header = Good });

        using var response = await Hub.Gateway.PostAsync("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" }.ToByteArray());

        Assert.That(response.Headers.GetValues("X-Trace-Id").Single(), Is.EqualTo(Service.LastCall.Headers["x-trace-id"]));
    }

    [Test]
    public async Task Token_ThatWasMadeInvalid_IsNobody()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("jwt:denied:j2", "logged out");
        Show(Token("alice", "j2"));

        Assert.That((await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" })).Header.ErrorCode, Is.EqualTo(401));
    }

    [TestCase(null)]
    [TestCase("s-alice")]
    public async Task SessionId_IsNoToken(string? session)
    {
        Show(session);

        Assert.That((await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" })).Header.ErrorCode, Is.EqualTo(401));
    }

    [Test]
    public async Task Error_IsReadInTheHeader()
    {
        Show(TestTokens.Hs256(TestTokens.Claims(), "another secret, of more than 32 bytes as well"));

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", UserId = "mallory" });

        Assert.That(answer.Header.ErrorMessage, Is.Not.Empty);
        Assert.That(answer, Is.EqualTo(new GetUserInfoRsp { Header = new ResponseHeader { RequestId = "r1", ErrorCode = 401, ErrorMessage = answer.Header.ErrorMessage } }));
    }

    [Test]
    public async Task SubService_ThatFails_IsReadInTheHeader()
    {
        Service.Fail(13, "stack of the service");

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1" });

        Assert.That((answer.Header.RequestId, answer.Header.Success, answer.Header.ErrorCode), Is.EqualTo(("r1", false, 502)));
        Assert.That(answer.Header.ErrorMessage, Is.Not.Empty.And.Not.Contains("stack"));
    }

    [Test]
    public async Task FriendAdd_TheOneAsked_IsToldWhoAsks()
    {
        var added = new FriendAddRsp { Header = Good, NotifyEventId = "e1" };
        Service.AnswerByMethod(new()
        {
            ["FriendAdd"] = added,
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Header = Good, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Nickname = "Alice" } } },
        });
        await using var bob = await Hub.JoinAsync("bob", session: Token("bob"));
        var request = new FriendAddReq { RequestId = "r2", RespondentId = "bob" };

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", request);

        Assert.That(answer, Is.EqualTo(added));
        Assert.That(Service.Calls.Single(call => call.Path == "/header_im.FriendService/FriendAdd" && call.Headers["x-user-id"] == "alice" && FriendAddReq.Parser.ParseFrom(call.Message).RequestId == "r2").Message.ToArray(), Is.EqualTo(request.ToByteArray()));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(new NotifyMessage
        {
            FriendAddApply = new NotifyFriendAddApply { UserInfo = new Gateway.Protocol.UserInfo { UserId = "alice", Nickname = "Alice" } },
        }));
    }

    [Test]
    public async Task FriendAdd_ThatDidNotSucceed_TellsNobody()
    {
        var refused = new FriendAddRsp { Header = new ResponseHeader { RequestId = "r1", ErrorCode = 7, ErrorMessage = "friends already" } };
        Service.AnswerByMethod(new() { ["FriendAdd"] = refused });
        await using var bob = await Hub.JoinAsync("bob", session: Token("bob"));

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", RespondentId = "bob" });

        Assert.That(answer, Is.EqualTo(refused));
        await AssertNoMoreAsync(bob, "bob");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task LookUp_GoesByTheHeaderAsWell(bool succeeds)
    {
        Service.AnswerByMethod(new()
        {
            ["ChatSessionLeave"] = new ChatSessionLeaveRsp { Header = Good },
            ["GetChatSessionMember"] = new GetChatSessionMemberRsp
            {
                Header = new ResponseHeader { Success = succeeds },
                MemberInfoList = { new UserInfo { UserId = "alice" }, new UserInfo { UserId = "bob" } },
            },
        });
        await using var bob = await Hub.JoinAsync("bob", session: Token("bob"));

        var answer = await CallAsync<ChatSessionLeaveRsp>("/service/friend/leave_chat_session", new ChatSessionLeaveReq { RequestId = "r1", ChatSessionId = "c1" });

        Assert.That(answer.Header, Is.EqualTo(Good));
        if (succeeds)
        {
            Assert.That(
                await ReceiveAsync<NotifyMessage>(bob),
                Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }));
        }

        await AssertNoMoreAsync(bob, "bob");
    }

    protected override async Task<Dictionary<string, string?>> SettingsAsync()
    {
        _redis = await RedisProcess.CreateAsync();
        return new(await base.SettingsAsync()) { ["Gateway:Redis:Configuration"] = _redis.Configuration };
    }

    private void Show(string? token) => Hub.Gateway.Client.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
}
