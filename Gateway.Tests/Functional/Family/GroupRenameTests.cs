using Gateway.Protocol;
using Gateway.Tests.Functional.Family.GroupRename;
using Google.Protobuf;
using NotifyFriendRemove = Gateway.Tests.Functional.Family.GroupRename.NotifyFriendRemove;
using NotifyMessage = Gateway.Tests.Functional.Family.GroupRename.NotifyMessage;
using NotifyType = Gateway.Tests.Functional.Family.GroupRename.NotifyType;

namespace Gateway.Tests.Functional.Family;

/// <summary>A group gets another name: its members, who have to be asked for, are told by an event of its own.</summary>
[TestFixture]
internal sealed class GroupRenameTests() : FamilyTest("group-rename")
{
    private const string Path = "/service/friend/change_groupname";

    private static readonly NotifyMessage Renamed = new()
    {
        NotifyType = NotifyType.GroupNameChangeNotify,
        GroupNameChange = new NotifyGroupName { ChatSessionId = "c1", GroupName = "hike" },
    };

    private static ChangeGroupnameReq Request => new() { RequestId = "r1", SessionId = "s-alice", ChatSessionId = "c1", GroupName = "hike" };

    [Test]
    public async Task MembersButTheCaller_AreToldTheName()
    {
        AnswerWith(new GetChatSessionMemberRsp
        {
            Success = true,
            MemberInfoList = { new Gateway.Protocol.UserInfo { UserId = "alice" }, new Gateway.Protocol.UserInfo { UserId = "bob" }, new Gateway.Protocol.UserInfo { UserId = "carol" } },
        });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");
        await using var carol = await Hub.JoinAsync("carol");

        var answer = await CallAsync<ChangeGroupnameRsp>(Path, Request);

        Assert.That(answer, Is.EqualTo(new ChangeGroupnameRsp { RequestId = "r1", Success = true }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(Renamed));
        Assert.That(await ReceiveAsync<NotifyMessage>(carol), Is.EqualTo(Renamed));
        await AssertNoMoreAsync(alice, "alice");
        Assert.That(
            Asked<GetChatSessionMemberReq>("rename_im.FriendService/GetChatSessionMember"),
            Is.EqualTo(new GetChatSessionMemberReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice", ChatSessionId = "c1" }));
    }

    [Test]
    public async Task Request_WithoutAFieldForTheUser_ArrivesAsItIs()
    {
        AnswerWith(new GetChatSessionMemberRsp { Success = true });

        await CallAsync<ChangeGroupnameRsp>(Path, Request);

        Assert.That(Service.Calls.Last(call => call.Path.EndsWith("/ChangeGroupname", StringComparison.Ordinal)).Message.ToArray(), Is.EqualTo(Request.ToByteArray()));
    }

    [Test]
    public async Task Members_WhoCannotBeAskedFor_CostTheEventAlone()
    {
        AnswerWith(new GetChatSessionMemberRsp { Errmsg = "no database" });
        await using var bob = await Hub.JoinAsync("bob");

        Assert.That((await CallAsync<ChangeGroupnameRsp>(Path, Request)).Success);
        await AssertNoMoreAsync(bob, "bob");
    }

    [Test]
    public async Task Call_WithoutASession_SaysWhyAndChangesNothing()
    {
        var before = Service.Calls.Count;
        var answer = await CallAsync<ChangeGroupnameRsp>(Path, new ChangeGroupnameReq(Request) { SessionId = "s-nobody" });

        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
        Assert.That(Service.Calls, Has.Count.EqualTo(before));
    }

    [Test]
    public async Task UsualEvents_GoOnAsBefore()
    {
        Service.Answer(new FriendRemoveRsp { RequestId = "r1", Success = true });
        await using var bob = await Hub.JoinAsync("bob");

        await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" });

        Assert.That(
            await ReceiveAsync<NotifyMessage>(bob),
            Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }));
    }

    private void AnswerWith(GetChatSessionMemberRsp members) => Service.AnswerByMethod(new()
    {
        ["ChangeGroupname"] = new ChangeGroupnameRsp { RequestId = "r1", Success = true },
        ["GetChatSessionMember"] = members,
    });
}
