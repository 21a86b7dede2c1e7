using Gateway.Protocol;

namespace Gateway.Tests.Functional.Family;

/// <summary>A web client that reads no type unless it is on the wire.</summary>
[TestFixture]
internal sealed class ExplicitZeroTests() : FamilyTest("explicit-zero")
{
    [Test]
    public async Task Event_OfTypeZero_SaysSo()
    {
        Service.AnswerByMethod(new()
        {
            ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true },
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice" } } },
        });
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(answer.Success);
        Assert.That(Convert.ToHexString(await bob.ReceiveRawAsync()), Is.EqualTo("1000" + "1A09" + "0A07" + "0A05616C696365"));
    }

    [Test]
    public async Task Event_OfAnotherType_IsAsAlways()
    {
        Service.Answer(new FriendRemoveRsp { RequestId = "r1", Success = true });
        await using var bob = await Hub.JoinAsync("bob");

        await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" });

        Assert.That(Convert.ToHexString(await bob.ReceiveRawAsync()), Is.EqualTo("1004" + "3A07" + "0A05616C696365"));
    }
}
