using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>The details in a notification: where they are looked up, and what is told when they are not to be had.</summary>
[TestFixture]
internal sealed class UserDetailsTests : GatewayTest
{
    private const string Path = "/service/friend/add_friend_process";

    private static readonly FriendAddProcessReq AgreeWithBob = new() { RequestId = "r1", SessionId = "s-alice", Agree = true, ApplyUserId = "bob" };
    private static readonly FriendAddProcessRsp Agreed = new() { RequestId = "r1", Success = true, NewSessionId = "c1" };

    [Test]
    public async Task LookUp_GoesToTheUserServiceOfTheCluster()
    {
        await using var users = await StubSubService.StartAsync();
        users.Answer(new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Nickname = "Alice" } } });
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = users.Address });
        Service.Answer(Agreed);

        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        Assert.That(users.LastCall.Path, Is.EqualTo("/bite_im.UserService/GetMultiUserInfo"));
        Assert.That(GetMultiUserInfoReq.Parser.ParseFrom(users.LastCall.Message).UsersId, Is.EquivalentTo(new[] { "alice", "bob" }));
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
        Assert.That(gateway.Published.Notifications[0].Message.FriendProcessResult.UserInfo.Nickname, Is.EqualTo("Alice"));
        Assert.That(gateway.Published.Notifications[2].Message.NewChatSessionInfo.ChatSessionInfo.SingleChatFriendId, Is.EqualTo("bob"), "Bob is not known, but his id is");
    }

    [TestCase("bite_im.UserService/GetUserInfo")]
    [TestCase("chen_im.UserService/GetUserInfo")]
    public async Task LookUp_OneByOne_WhereTheServiceHasOnlyThat(string rpc)
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:UserDetails:Rpc"] = rpc });
        Service.OnCall = (context, call) => StubSubService.AnswerAsync(context, call.Path == '/' + rpc
            ? InfoOf(GetUserInfoReq.Parser.ParseFrom(call.Message).UserId).ToByteArray()
            : Agreed.ToByteArray());

        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        Assert.That(gateway.Published.Notifications[1].Message.NewChatSessionInfo.ChatSessionInfo.ChatSessionName, Is.EqualTo("name of alice"));
        Assert.That(gateway.Published.Notifications[2].Message.NewChatSessionInfo.ChatSessionInfo.ChatSessionName, Is.EqualTo("name of bob"));

        static GetUserInfoRsp InfoOf(string id) => new() { Success = true, UserInfo = new UserInfo { UserId = id, Nickname = $"name of {id}" } };
    }

    [Test]
    public async Task LookUp_Fails_IdsAreToldAndTheCallSucceeds()
    {
        Service.AnswerByMethod(new() { ["FriendAddProcess"] = Agreed });

        await AssertIdsAreToldAsync(Gateway);
    }

    [Test]
    public async Task LookUp_SaysNo_IdsAreToldAndTheCallSucceeds()
    {
        Service.AnswerByMethod(new() { ["FriendAddProcess"] = Agreed, ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Errmsg = "no" } });

        await AssertIdsAreToldAsync(Gateway);
    }

    [Test]
    public async Task LookUp_IsNeverAnswered_IdsAreToldAndTheCallSucceeds()
    {
        await using var users = await StubSubService.StartAsync();
        var held = users.Hold();
        await using var gateway = await StartGatewayAsync(new()
        {
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = users.Address,
            ["Gateway:Events:LookUpTimeout"] = "00:00:00.100",
        });
        Service.Answer(Agreed);

        await AssertIdsAreToldAsync(gateway);
        await held.GivenUp.DefaultTimeout();
    }

    [Test]
    public async Task LookUp_NobodyListens_IdsAreToldAndTheCallSucceeds()
    {
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = $"http://127.0.0.1:{LoopbackPort.Free()}" });
        Service.Answer(Agreed);

        await AssertIdsAreToldAsync(gateway);
    }

    [Test]
    public async Task LookUp_AnswersWithoutIds_TheIdsAreToldNevertheless()
    {
        Service.AnswerByMethod(new()
        {
            ["FriendAddProcess"] = Agreed,
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { Nickname = "Alice" }, ["bob"] = new UserInfo { Nickname = "Bob" } } },
        });

        await Gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        Assert.That(Gateway.Published.Notifications[0].Message.FriendProcessResult.UserInfo, Is.EqualTo(new UserInfo { UserId = "alice", Nickname = "Alice" }));
        Assert.That(Gateway.Published.Notifications[2].Message.NewChatSessionInfo.ChatSessionInfo.SingleChatFriendId, Is.EqualTo("bob"));
    }

    private static async Task AssertIdsAreToldAsync(GatewayFixture gateway)
    {
        var answer = await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob).DefaultTimeout();

        Assert.That(answer.Success, Is.True);
        var told = gateway.Published.Notifications.Select(notification => notification.Message).ToArray();
        Assert.That(told, Has.Length.EqualTo(3));
        Assert.That(told[0].FriendProcessResult.UserInfo, Is.EqualTo(new UserInfo { UserId = "alice" }));
        Assert.That(told[1].NewChatSessionInfo.ChatSessionInfo, Is.EqualTo(new ChatSessionInfo { SingleChatFriendId = "alice", ChatSessionId = "c1" }));
        Assert.That(told[2].NewChatSessionInfo.ChatSessionInfo, Is.EqualTo(new ChatSessionInfo { SingleChatFriendId = "bob", ChatSessionId = "c1" }));
        Assert.That(gateway.Log.Named("UserLookUpFailed"), Has.Count.EqualTo(1));
    }
}
