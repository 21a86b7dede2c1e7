using Gateway.Notify.Connections;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Tests.Notify.Faults;

[TestFixture]
[Servers]
internal sealed class LateJoinTests
{
    /// <summary>The network between one node and Redis stalls: when the join gets in, its client has long been refused and has a seat elsewhere.</summary>
    [Test]
    public async Task JoinThatIsLate_OfAClientThatHasASeatElsewhere_KicksNobody()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:Devices"] = "OnePerUser" };
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1, settings);
        settings["Gateway:Sessions:Store"] = "Redis";
        settings["Gateway:Redis:Configuration"] = $"127.0.0.1:{relay.Port}";
        settings["Gateway:Notify:RedisTimeout"] = "00:00:01";
        await using var stalling = await GatewayFixture.StartAsync("http://127.0.0.1:1", settings, builder =>
        {
            builder.Services.RemoveAll<IEventPublisher>();
            // Sessions are found, so that it is the join alone that waits.
            builder.Services.AddSingleton<ISessionAuthenticator>(new EverybodyIsAlice());
        });
        await Eventually.That(() => !NodesFixture.HubOf(stalling).IsDegraded, "the node has found Redis");

        relay.Stall();
        await using var refused = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(stalling.Urls[1], "/ws"), "s-alice");
        Assert.That(await refused.ReceiveCloseAsync(), Is.EqualTo((4504, "event-store-down")));
        await using var client = await nodes.JoinAsync(0, "alice");
        await Eventually.That(() => NodesFixture.HubOf(stalling).IsDegraded);
        relay.Restore();
        await Eventually.That(() => !NodesFixture.HubOf(stalling).IsDegraded, "what was stalled has got in");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("1"));
        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
    }

    /// <summary>A node that was buried and comes back has the sockets of users beside those they have opened elsewhere.</summary>
    [Test]
    public async Task NodeThatComesBack_HasNoSecondSocketOfAUserWhoMayHaveOne()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:Devices"] = "OnePerUser", ["Gateway:Notify:NodeTimeout"] = "00:00:02" };
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1, settings);
        await nodes.AddNodeAsync(settings, $"127.0.0.1:{relay.Port}");
        await using var old = await nodes.JoinAsync(1, "alice");
        relay.Cut();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0, "the node is buried");
        await nodes.LogInAsync("s-alice-2", "alice");
        await using var young = await nodes.JoinAsync(0, "alice", "s-alice-2");
        relay.Restore();
        await Eventually.That(() => !nodes.Hub(1).IsDegraded);
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 2 || nodes.Nodes[1].OpenSockets() == 0, "it takes its seats again, or closes them");
        await Eventually.That(() => nodes.Nodes.Sum(node => node.OpenSockets()) == 1, "one is left");
    }

    private sealed class EverybodyIsAlice : ISessionAuthenticator
    {
        public ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(new SessionVerdict("alice", true));
    }
}
