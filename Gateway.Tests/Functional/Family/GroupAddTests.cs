using Gateway.Protocol;
using Gateway.Tests.Functional.Family.GroupAdd;
using Google.Protobuf;
using ChatSessionInfo = Gateway.Tests.Functional.Family.GroupAdd.ChatSessionInfo;
using UserInfo = Gateway.Tests.Functional.Family.GroupAdd.UserInfo;

namespace Gateway.Tests.Functional.Family;

/// <summary>Members are added to a group, and told of it as of a new chat.</summary>
[TestFixture]
internal sealed class GroupAddTests() : FamilyTest("group-add")
{
    private const string Path = "/service/friend/group_add_member";

    private static readonly ChatSessionInfo Chat = new() { ChatSessionId = "c1", ChatSessionName = "hike", Avatar = ByteString.CopyFromUtf8("picture of a hill") };

    private static GroupAddMemberReq Request => new() { RequestId = "r1", SessionId = "s-alice", ChatSessionId = "c1", MemberIdList = { "bob", "carol", "bob" } };

    [Test]
    public async Task NewMembers_AreToldOfTheChat_AndTheCallerReadsWhoTheyAre()
    {
        var members = new[] { new UserInfo { UserId = "bob" }, new UserInfo { UserId = "carol", Nickname = "Carol" } };
        Service.Answer(new GroupAddMemberRsp { RequestId = "r1", Success = true, MemberInfoList = { members }, ChatSessionInfo = Chat });
        await using var alice = await Hub.JoinAsync("alice");
        await using var bob = await Hub.JoinAsync("bob");
        await using var carol = await Hub.JoinAsync("carol");

        var answer = await CallAsync<GroupAddMemberRsp>(Path, Request);

        var expected = new NotifyMessage
        {
            NotifyType = NotifyType.ChatSessionCreateNotify,
            NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = Gateway.Protocol.ChatSessionInfo.Parser.ParseFrom(Chat.ToByteArray()) },
        };
        Assert.That(answer, Is.EqualTo(new GroupAddMemberRsp { RequestId = "r1", Success = true, MemberInfoList = { members } }));
        Assert.That(Asked<GroupAddMemberReq>("group_im.FriendService/GroupAddMember"), Is.EqualTo(new GroupAddMemberReq(Request) { UserId = "alice" }));
        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(expected));
        Assert.That(await ReceiveAsync<NotifyMessage>(carol), Is.EqualTo(expected));
        await AssertNoMoreAsync(alice, "alice");
        await AssertNoMoreAsync(bob, "bob");
    }

    [Test]
    public async Task Call_ThatDidNotSucceed_TellsNobody()
    {
        Service.Answer(new GroupAddMemberRsp { RequestId = "r1", Errmsg = "no such group", ChatSessionInfo = Chat });
        await using var bob = await Hub.JoinAsync("bob");

        Assert.That(await CallAsync<GroupAddMemberRsp>(Path, Request), Is.EqualTo(new GroupAddMemberRsp { RequestId = "r1", Errmsg = "no such group" }));
        await AssertNoMoreAsync(bob, "bob");
    }

    [Test]
    public async Task Call_WithoutASession_SaysWhy()
    {
        var answer = await CallAsync<GroupAddMemberRsp>(Path, new GroupAddMemberReq(Request) { SessionId = "s-nobody" });

        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [Test]
    public async Task MethodThatIsBuiltIn_IsThereAsWell()
    {
        Service.Answer(new GetFriendListRsp { RequestId = "r1", Success = true });

        var answer = await CallAsync<GetFriendListRsp>("/service/friend/get_friend_list", new GetFriendListReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(answer.Success);
        Assert.That(Asked<GetFriendListReq>("group_im.FriendService/GetFriendList").UserId, Is.EqualTo("alice"));
    }
}
