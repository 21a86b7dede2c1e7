using System.Security.Cryptography.X509Certificates;
using Gateway.Protocol;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>The details in a notification: where they are looked up, and what is told when they are not to be had.</summary>
[TestFixture]
internal sealed class UserDetailsTests : GatewayTest
{
    private const string Path = "/service/friend/add_friend_process";

    private static readonly FriendAddProcessReq AgreeWithBob = new() { RequestId = "r1", SessionId = "s-alice", Agree = true, ApplyUserId = "bob" };
    private static readonly FriendAddProcessRsp Agreed = new() { RequestId = "r1", Success = true, NewSessionId = "c1" };

    private const string UsersAddress = "ReverseProxy:Clusters:user:Destinations:etcd:Address";
    private const string LookUpTimeout = "Gateway:Events:LookUpTimeout";

    /// <summary>For tests that are about the answer and not about its time.</summary>
    private const string Patient = "00:00:10";

    private const int AvatarLength = 70_000;

    private static readonly GetMultiUserInfoRsp WithAvatar = new()
    {
        Success = true,
        UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Avatar = ByteString.CopyFrom(new byte[AvatarLength]) } },
    };

    [Test]
    public async Task LookUp_GoesToTheUserServiceOfTheCluster()
    {
        await using var users = await StubSubService.StartAsync();
        users.Answer(new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Nickname = "Alice" } } });
        await using var gateway = await StartGatewayAsync(new() { [UsersAddress] = users.Address });
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
            [UsersAddress] = users.Address,
            ["Gateway:Events:LookUpTimeout"] = "00:00:00.100",
        });
        Service.Answer(Agreed);

        await AssertIdsAreToldAsync(gateway);
        await held.GivenUp.DefaultTimeout();
    }

    [Test]
    public async Task LookUp_NobodyListens_IdsAreToldAndTheCallSucceeds()
    {
        await using var gateway = await StartGatewayAsync(new() { [UsersAddress] = $"http://127.0.0.1:{LoopbackPort.Free()}" });
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

    /// <summary>brpc servers send so without regard for the windows of streams.</summary>
    [Test]
    public async Task LookUp_AvatarOfSeventyThousandBytes_IsToldThoughTheServerSendsAsBrpc()
    {
        await using var users = new FrameSubService { OnRequest = (connection, stream) => connection.AnswerAsBrpcAsync(stream, WithAvatar.ToByteArray()) };
        await using var gateway = await StartGatewayAsync(new() { [UsersAddress] = users.Address, [LookUpTimeout] = Patient });
        Service.Answer(Agreed);

        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        AssertAvatarIsTold(gateway);
    }

    [Test]
    public async Task LookUp_ClusterSpeaksHttp_IsThePlainMessage()
    {
        await using var users = await StubSubService.StartAsync(HttpProtocols.Http1);
        users.AnswerRaw(WithAvatar.ToByteArray(), status: null, "application/x-protobuf");
        await using var gateway = await StartGatewayAsync(new()
        {
            [UsersAddress] = users.Address,
            ["ReverseProxy:Clusters:user:Metadata:Protocol"] = "http",
            [LookUpTimeout] = Patient,
        });
        Service.Answer(Agreed);

        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        AssertAvatarIsTold(gateway);
        Assert.That(users.LastCall.Path, Is.EqualTo("/bite_im.UserService/GetMultiUserInfo"));
        Assert.That(users.LastCall.Headers["content-type"], Is.EqualTo("application/x-protobuf"));
        Assert.That(GetMultiUserInfoReq.Parser.ParseFrom(users.LastCall.Body).UsersId, Is.EquivalentTo(new[] { "alice", "bob" }));
    }

    [Test]
    public async Task LookUp_UsesTheHttpClientOfTheCluster()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("users");
        // Its key has to be in a store of the system's kind before a server can use it.
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        using var own = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        await using var users = await StubSubService.StartAsync(certificate: own);
        users.Answer(WithAvatar);
        await using var gateway = await StartGatewayAsync(new()
        {
            [UsersAddress] = users.Address,
            ["ReverseProxy:Clusters:user:HttpClient:DangerousAcceptAnyServerCertificate"] = "true",
            [LookUpTimeout] = Patient,
        });
        Service.Answer(Agreed);

        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);

        AssertAvatarIsTold(gateway);
    }

    [Test]
    public async Task LookUp_UnderWayWhileItsInstanceGoes_IsAnswered()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var old = await StubSubService.StartAsync();
        old.OnCall = async (context, _) =>
        {
            asked.SetResult();
            await answered.Task;
            await StubSubService.AnswerAsync(context, WithAvatar.ToByteArray());
        };
        await using var replacement = await StubSubService.StartAsync();
        replacement.Answer(WithAvatar);
        await using var gateway = await StartGatewayAsync(new() { [UsersAddress] = old.Address, [LookUpTimeout] = Patient });
        Service.Answer(Agreed);
        var first = gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);
        await asked.Task.DefaultTimeout();

        gateway.Services.GetRequiredService<IConfiguration>()[UsersAddress] = replacement.Address;
        var reload = await gateway.Services.GetRequiredService<RouteReloader>().ReloadAsync(CancellationToken.None);
        Assert.That(reload.Result, Is.EqualTo(RouteReloadResult.Applied));
        await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob).DefaultTimeout();
        answered.SetResult();
        await first.DefaultTimeout();

        Assert.That(replacement.Calls, Has.Count.EqualTo(1));
        Assert.That(gateway.Log.Named("UserLookUpFailed"), Is.Empty);
        Assert.That(gateway.Published.Notifications, Has.Count.EqualTo(6));
    }

    [Test]
    public async Task LookUp_InstanceIsDrained_GoesToAnother()
    {
        await using var other = await StubSubService.StartAsync();
        other.Answer(WithAvatar);
        await using var gateway = await StartGatewayAsync(new()
        {
            [UsersAddress] = $"http://127.0.0.1:{LoopbackPort.Free()}",
            ["ReverseProxy:Clusters:user:Destinations:other:Address"] = other.Address,
            [LookUpTimeout] = Patient,
        });
        gateway.Services.GetRequiredService<DrainedDestinations>().Drain("user", "etcd");
        Service.Answer(Agreed);

        for (var turn = 0; turn < 10; turn++)
        {
            await gateway.CallAsync<FriendAddProcessRsp>(Path, AgreeWithBob);
        }

        Assert.That(other.Calls, Has.Count.EqualTo(10));
    }

    [Test]
    public async Task LookUp_AnswerTooLarge_IdsAreToldAndTheCallSucceeds()
    {
        await using var users = await StubSubService.StartAsync();
        users.Answer(WithAvatar);
        await using var gateway = await StartGatewayAsync(new() { [UsersAddress] = users.Address, ["Gateway:UserDetails:MaxAnswer"] = "70000" });
        Service.Answer(Agreed);

        await AssertIdsAreToldAsync(gateway);
    }

    private static void AssertAvatarIsTold(GatewayFixture gateway) =>
        Assert.That(gateway.Published.Notifications[0].Message.FriendProcessResult.UserInfo.Avatar, Has.Property(nameof(ByteString.Length)).EqualTo(AvatarLength));

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
