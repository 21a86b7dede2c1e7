using System.Collections.Concurrent;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Functional.Family;

/// <summary>Sub-services that speak gRPC over TLS, with a private authority and a certificate of the gateway, though etcd says nothing of that; keys in Redis have prefixes.</summary>
[TestFixture]
[Servers]
internal sealed class SecureBackendsTests() : EtcdFamilyTest("secure-backends", ["/service/user_service/1", "/service/friend_service/1"], "z:session:")
{
    private static readonly HealthCheckResponse Serving = new() { Status = HealthCheckResponse.Types.ServingStatus.Serving };

    private readonly TestAuthority _authority = new();
    private readonly ConcurrentBag<string> _callers = [];

    /// <summary>As the deployment has it, with the folder of its certificates elsewhere.</summary>
    protected override string Routes => Path.Combine(_authority.Folder, "yarp.json");

    public override async Task StopAsync()
    {
        await base.StopAsync();
        _authority.Dispose();
    }

    [Test]
    public async Task Call_GoesOutOverTls_InTheGatewaysName()
    {
        Service.AnswerByMethod(new() { ["Check"] = Serving, ["GetUserInfo"] = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { UserId = "alice" } } });

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(answer.UserInfo.UserId, Is.EqualTo("alice"));
        Assert.That(Asked<GetUserInfoReq>("bite_im.UserService/GetUserInfo").UserId, Is.EqualTo("alice"));
        Assert.That(_callers, Is.Not.Empty.And.All.EqualTo("CN=gateway"));
    }

    [Test]
    public async Task Probe_GoesOutOverTls()
    {
        var user = Hub.Gateway.Services.GetRequiredService<IProxyStateLookup>().GetClusters().Single(cluster => cluster.ClusterId == "users");

        await Eventually.That(() => Service.Calls.Any(call => call.Path == "/grpc.health.v1.Health/Check"), "the instance is asked how it is");
        await Eventually.That(() => user.DestinationsState.AllDestinations.Single().Health.Active == DestinationHealth.Healthy, "it is healthy");
    }

    [Test]
    public async Task KeysWithoutThePrefix_AreNoSessions()
    {
        await Database.StringSetAsync("s-mallory", "alice");

        var answer = await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-mallory" });

        Assert.That(answer.Success, Is.False);
    }

    [Test]
    public async Task FriendRemoved_IsTold_AndTheLastSocketTakesTheMarkerAlong()
    {
        Service.AnswerByMethod(new() { ["Check"] = Serving, ["FriendRemove"] = new FriendRemoveRsp { RequestId = "r1", Success = true } });
        await Database.StringSetAsync("z:online:bob", "");
        var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<FriendRemoveRsp>("/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" });

        Assert.That(answer, Is.EqualTo(new FriendRemoveRsp { RequestId = "r1", Success = true }));
        Assert.That(
            await ReceiveAsync<NotifyMessage>(bob),
            Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "alice" } }));
        await bob.CloseAsync();
        await bob.DisposeAsync();
        await Eventually.That(async () => !await Database.KeyExistsAsync("z:online:bob"), "the marker is still there");
        Assert.That((string?)await Database.StringGetAsync("z:session:s-bob"), Is.EqualTo("bob"));
    }

    [Test]
    public async Task EventOfAnotherService_PublishedReadyMade_IsTold()
    {
        var bob = await Hub.JoinAsync("bob");
        var ready = new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "carol" } };

        await Eventually.That(
            async () => await Database.PublishAsync(RedisChannel.Literal("z:notify:bob"), ready.ToByteArray()) == 1, "the gateway listens");

        Assert.That(await ReceiveAsync<NotifyMessage>(bob), Is.EqualTo(ready));
    }

    protected override async Task<StubSubService> StartServiceAsync()
    {
        var service = await StubSubService.StartAsync(
            certificate: _authority.IssueServer("backend", host: "backend.internal"), tls: options => _authority.Require(options, _callers.Add));
        service.AnswerByMethod(new() { ["Check"] = Serving });
        return service;
    }

    protected override async Task<Dictionary<string, string?>> SettingsAsync()
    {
        _authority.IssueFiles("gateway");
        var shipped = await File.ReadAllTextAsync(base.Routes);
        await File.WriteAllTextAsync(Routes, shipped.Replace("/etc/gateway/backends", _authority.Folder, StringComparison.Ordinal));
        return await base.SettingsAsync();
    }
}
