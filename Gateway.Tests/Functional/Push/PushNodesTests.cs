using Gateway.Protocol.PushV1;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using Grpc.Core;

namespace Gateway.Tests.Functional.Push;

/// <summary>The push API where Redis joins gateways.</summary>
[TestFixture]
[Servers]
internal sealed class PushNodesTests : PushTest
{
    [Test]
    public async Task GatewayWithoutSockets_TellsThoseOfOthers_AndFindsAndEndsThem()
    {
        await using var nodes = await NodesFixture.StartAsync(0);
        await nodes.AddNodeAsync(new() { ["Gateway:Roles"] = "notify" });
        var proxy = await nodes.AddNodeAsync(Settings(("Gateway:Roles", "proxy")));
        await using var alice = await nodes.JoinAsync(0, "alice");

        var client = Client(proxy);
        Assert.That(await client.PublishAsync(new PublishRequest { UserIds = { "alice", "bob" }, Message = Removed("carol").ToByteString() }), Is.EqualTo(new PublishResponse()));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("carol")));
        var online = await client.FindOnlineAsync(new FindOnlineRequest { UserIds = { "bob", "alice" } });
        Assert.That(online.Users.Single().Sockets.Single().Gateway, Is.EqualTo(nodes.Hub(0).NodeName));
        await client.DisconnectAsync(new DisconnectRequest { SessionId = "s-alice" });
        Assert.That((await alice.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
    }

    [Test]
    public async Task SameKey_AtAnotherGateway_IsDoneOnce()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Settings());
        await using var alice = await nodes.JoinAsync(0, "alice");
        var request = new PublishRequest { UserIds = { "alice" }, Message = Removed("bob").ToByteString(), IdempotencyKey = "e-1" };

        Assert.That((await Client(nodes.Nodes[0]).PublishAsync(request)).Duplicate, Is.False);
        Assert.That((await Client(nodes.Nodes[1]).PublishAsync(request)).Duplicate, Is.True);

        request.IdempotencyKey = "e-2";
        request.Message = Removed("carol").ToByteString();
        await Client(nodes.Nodes[1]).PublishAsync(request);
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("bob")));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("carol")));
        Assert.That(await nodes.Database.KeyTimeToLiveAsync("gateway:notify:push:e-1"), Is.GreaterThan(TimeSpan.FromMinutes(9)));
    }

    [Test]
    public async Task KeyOfAGatewayThatDiedOnTheWay_IsFreeAgainSoon()
    {
        await using var nodes = await NodesFixture.StartAsync(1, Settings(("Gateway:Push:Timeout", "00:00:01")));
        await nodes.Database.StringSetAsync("gateway:notify:push:e-1", "claimed", TimeSpan.FromSeconds(1));
        var request = new PublishRequest { UserIds = { "alice" }, Message = Removed("bob").ToByteString(), IdempotencyKey = "e-1" };

        Assert.That(async () => await Client(nodes.Nodes[0]).PublishAsync(request), Throws.InstanceOf<RpcException>().With.Property("StatusCode").EqualTo(StatusCode.Aborted));
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("gateway:notify:push:e-1"), "the claim ends");
        Assert.That((await Client(nodes.Nodes[0]).PublishAsync(request)).Duplicate, Is.False);
    }

    [Test]
    public async Task RedisGone_SocketsOfTheGatewayAreTold_AndTheCallerHearsThatOthersMayNotBe()
    {
        await using var nodes = await NodesFixture.StartAsync(1, Settings());
        await using var alice = await nodes.JoinAsync(0, "alice");
        await nodes.Redis.KillAsync();
        await Eventually.That(() => nodes.Hub(0).IsDegraded, "the gateway has noticed");
        var client = Client(nodes.Nodes[0]);

        var answer = await client.PublishAsync(new PublishRequest { UserIds = { "alice" }, Message = Removed("bob").ToByteString() });

        Assert.That(answer, Is.EqualTo(new PublishResponse { Incomplete = true }));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("bob")));
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await client.FindOnlineAsync(new FindOnlineRequest { UserIds = { "alice" } })))!;
        Assert.That(refused.Status, Is.EqualTo(new Status(StatusCode.Unavailable, "Redis does not answer. Call again when it is back.")));
        Assert.That(nodes.Nodes[0].Log.Named("PushFailed"), Has.Count.EqualTo(1));
    }
}
