using Gateway.Protocol;
using Gateway.Tests.Functional.Family.HeaderEnvelope;
using FriendAddReq = Gateway.Tests.Functional.Family.HeaderEnvelope.FriendAddReq;
using FriendAddRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.FriendAddRsp;
using GetChatSessionMemberRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetChatSessionMemberRsp;
using GetMultiUserInfoRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetMultiUserInfoRsp;
using GetUserInfoReq = Gateway.Tests.Functional.Family.HeaderEnvelope.GetUserInfoReq;
using GetUserInfoRsp = Gateway.Tests.Functional.Family.HeaderEnvelope.GetUserInfoRsp;
using UserInfo = Gateway.Tests.Functional.Family.HeaderEnvelope.UserInfo;

namespace Gateway.Tests.Functional.Family;

/// <summary>Answers say within a message of their own how the call went.</summary>
[TestFixture]
internal sealed class HeaderEnvelopeTests() : FamilyTest("header-envelope")
{
    private static ResponseHeader Good => new() { RequestId = "r1", Success = true };

    [Test]
    public async Task Call_TellsWhoItIs()
    {
        var expected = new GetUserInfoRsp { Header = Good, UserInfo = new UserInfo { UserId = "alice" } };
        Service.Answer(expected);

        Assert.That(await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }), Is.EqualTo(expected));
        Assert.That(Asked<GetUserInfoReq>("header_im.UserService/GetUserInfo").UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Error_IsReadInTheHeader()
    {
        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-nobody" });

        Assert.That(answer.Header.ErrorMessage, Is.Not.Empty);
        Assert.That(answer, Is.EqualTo(new GetUserInfoRsp { Header = new ResponseHeader { RequestId = "r1", ErrorCode = 401, ErrorMessage = answer.Header.ErrorMessage } }));
    }

    [Test]
    public async Task SubService_ThatFails_IsReadInTheHeader()
    {
        Service.Fail(13, "stack of the service");

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" });

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
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(answer, Is.EqualTo(added));
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
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

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
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<ChatSessionLeaveRsp>("/service/friend/leave_chat_session", new ChatSessionLeaveReq { RequestId = "r1", SessionId = "s-alice", ChatSessionId = "c1" });

        Assert.That(answer.Header, Is.EqualTo(Good));
        if (succeeds)
        {
            Assert.That(
                await ReceiveAsync<NotifyMessage>(bob),
                Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }));
        }

        await AssertNoMoreAsync(bob, "bob");
    }
}
