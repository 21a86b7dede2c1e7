using Gateway.Chaos.Hub;
using Gateway.Notify.Delivery;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify.Faults;

/// <summary>Gateways that stand still, die together or disagree, and clients that drop while they join.</summary>
[TestFixture]
[Servers]
internal sealed class NodeFaultsTests
{
    [Test]
    [Category("Program")]
    public async Task NodeFrozenForLongerThanItsTimeout_DoesNotGoOnAsIfNothingWere()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:NodeTimeout"] = "00:00:02" });
        using var hung = await GatewayProcess.StartAsync(new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = nodes.Redis.Configuration,
            ["Gateway:Notify:NodeTimeout"] = "00:00:02",
            ["Gateway:Notify:RedisTimeout"] = "00:00:05",
        });
        var ledger = new Ledger("alice");
        await using var client = ledger.Follow("alice", "s-alice", hung.WebSocket);
        await Eventually.That(() => client.IsWelcome);
        await ledger.PublishAsync(nodes, 0);
        await Eventually.That(ledger.HaveCaughtUp);

        await hung.FreezeAsync();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0, "it is buried");
        for (var i = 0; i < 5; i++)
        {
            await ledger.PublishAsync(nodes, 0);
        }

        await hung.ThawAsync();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 1, "it has taken its seat again");
        await ledger.CheckAsync(nodes);
    }

    /// <summary>Its first events were told to nobody, and all who keep count had to load anew.</summary>
    [Test]
    public async Task NodeThatHasJustStarted_PublishesAsSoonAsItHasFoundRedis()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        await using var relay = new TcpRelay(nodes.Redis.Port);
        relay.HoldAnswers();
        await using var started = await GatewayFixture.StartAsync(
            "http://127.0.0.1:1",
            new()
            {
                ["Gateway:Sessions:Store"] = "Redis",
                ["Gateway:Redis:Configuration"] = $"127.0.0.1:{relay.Port}",
                ["Gateway:Notify:RedisTimeout"] = "00:00:10",
            });
        var publishing = NodesFixture.HubOf(started).PublishAsync(["alice"], HubFixture.Removed("1"), CancellationToken.None);
        relay.Restore();
        await publishing.DefaultTimeout();
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
    }

    [Test]
    [Category("Program")]
    public async Task NodeKilled_TwoSurvivorsBuryIt_TheirOwnSocketsStay()
    {
        const int Users = 40;
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:02" };
        await using var nodes = await NodesFixture.StartAsync(2, settings);
        using var doomed = await GatewayProcess.StartAsync(new(settings)
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = nodes.Redis.Configuration,
            ["Gateway:Notify:RedisTimeout"] = "00:00:05",
            ["Gateway:Sessions:LookupTimeout"] = "00:00:05",
        });
        var clients = new List<ExtendedClient>();
        for (var i = 0; i < Users; i++)
        {
            await nodes.LogInAsync($"s-{i}", $"user-{i}");
            clients.Add(await ExtendedClient.JoinAsync(doomed.WebSocket, $"s-{i}"));
            clients.Add(await ExtendedClient.JoinAsync(nodes.Address(i % 2), $"s-{i}"));
        }

        doomed.Kill();
        for (var i = 0; i < Users; i++)
        {
            var user = $"user-{i}";
            await Eventually.That(async () => (await nodes.SocketsOfAsync(user)).Count == 1, $"'{user}' has no ghost, and the socket that lives");
        }

        await Eventually.That(async () => await nodes.CountAsync("nodes") == 2 * NodesFixture.Buckets);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Test]
    [Category("Long")]
    public async Task ClientsThatDropWhileTheyJoin_LeaveNothing()
    {
        const int Times = 2000;
        await using var nodes = await NodesFixture.StartAsync(1);
        var hello = new ClientFrame { Hello = new Hello { SessionId = "s-alice" } }.ToByteArray();
        await Parallel.ForEachAsync(Enumerable.Range(0, Times), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            var client = await NotifyClient.OpenAsync(nodes.Address(0), options => options.AddSubProtocol("gateway.notify.v2"));
            await client.SendAsync(hello);
            await client.DisposeAsync();
        });

        var bus = nodes.Nodes[0].Services.GetRequiredService<EventBus>();
        await Eventually.That(() => Enumerable.Range(0, NodesFixture.Buckets).Sum(bus.CountOf) == 0, "this node lists nobody");
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0, "nobody has a seat");
        var seats = 0L;
        for (var bucket = 0; bucket < NodesFixture.Buckets; bucket++)
        {
            seats += await nodes.Database.HashLengthAsync(NodesFixture.Key(bucket, $"node:{nodes.Hub(0).NodeName}"));
        }

        Assert.That(seats, Is.Zero);
    }

    [Test]
    public async Task Buckets_InWhichTheGatewaysDiffer_AreAnError_AndNobodyIsLetIn()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await using var other = await GatewayFixture.StartAsync("http://127.0.0.1:1", new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = nodes.Redis.Configuration,
            ["Gateway:Notify:Buckets"] = "4",
        });
        other.ErrorsExpected = true;
        await Eventually.That(() => other.Log.Named("HubBucketsDiffer").Count == 1);
        Assert.That(
            other.Log.Named("HubBucketsDiffer").Single().Message,
            Does.StartWith("Gateway:Notify:Buckets is 4, but the gateways of this Redis use 8: set it to 8, or stop all gateways and remove the key 'gateway:notify:0:buckets'."));
        await using var alice = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(other.Urls[1], "/ws"), "s-alice");
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((4504, "event-store-down")));
    }

    [Test]
    public async Task DeploymentsInTwoDatabases_KnowNothingOfEachOther()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await using var other = await GatewayFixture.StartAsync("http://127.0.0.1:1", new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = $"{nodes.Redis.Configuration},defaultDatabase=1",
        });
        await nodes.Connection.GetDatabase(1).StringSetAsync("s-alice", "alice");
        await using var alice = await nodes.JoinAsync(0, "alice");
        await Eventually.That(() => !NodesFixture.HubOf(other).IsDegraded);
        await using var namesake = await ExtendedClient.JoinAsync(HubFixture.WebSocketUri(other.Urls[1], "/ws"), "s-alice");

        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("1"));
        await NodesFixture.HubOf(other).DisconnectAsync("alice", null, CancellationToken.None);

        Assert.That(await namesake.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")), "It is told nothing but this");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("2"));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
    }
}
