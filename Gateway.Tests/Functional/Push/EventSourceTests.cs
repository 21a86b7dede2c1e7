using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using StackExchange.Redis;

namespace Gateway.Tests.Functional.Push;

/// <summary>Events that other services put into Redis, and two gateways that read them.</summary>
[TestFixture]
[Servers]
internal sealed class EventSourceTests
{
    private const string Stream = "z:events";

    private static readonly Dictionary<string, string?> Channels = new() { ["Gateway:EventSource:Channels"] = "z:notify:{user_id}" };

    private static readonly Dictionary<string, string?> Streams = new() { ["Gateway:EventSource:Stream"] = Stream, ["Gateway:EventSource:ClaimAfter"] = "00:00:01" };

    [Test]
    public async Task Channel_TellsEachSocketOnce_OnWhicheverGatewayItIs()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Channels);
        await ListenersAsync(nodes, 2);
        await using var here = await nodes.JoinAsync(0, "alice");
        await using var there = await nodes.JoinAsync(1, "alice");
        await using var extended = await nodes.JoinExtendedAsync(1, "alice");
        await using var bob = await nodes.JoinAsync(0, "bob");

        await SendAsync(nodes, "alice", "1");
        await SendAsync(nodes, "alice", "2");
        await SendAsync(nodes, "bob", "3");

        foreach (var socket in new[] { here, there })
        {
            Assert.That(await socket.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
            Assert.That(await socket.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
        }

        foreach (var by in new[] { "1", "2" })
        {
            Assert.That((await extended.ReceiveAsync(ServerFrame.FrameOneofCase.Event)).Event, Is.EqualTo(new Event { Notify = HubFixture.Removed(by) }), "It has no number");
        }

        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("3")));
        // What comes next is the next event, and none of those again.
        await nodes.PublishAsync(0, ["alice", "bob"], HubFixture.Removed("4"));
        foreach (var socket in new[] { here, there, bob })
        {
            Assert.That(await socket.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("4")));
        }

        Assert.That((await extended.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("4")));
    }

    [Test]
    public async Task Channel_ClientThatKeepsCount_LoadsAnewWhenItResumes()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Channels);
        await ListenersAsync(nodes, 2);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("1"));
        await alice.ReceiveEventAsync();
        await alice.DisposeAsync();

        await SendAsync(nodes, "alice", "2");
        await using var again = await nodes.JoinExtendedAsync(1, "alice", alice);

        Assert.That(await again.ReceiveResumedAsync(), Is.False);
    }

    [Test]
    public async Task Channel_AfterRedisWasAway_IsListenedToAgain()
    {
        await using var nodes = await NodesFixture.StartAsync(1, Channels);
        await ListenersAsync(nodes, 1);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await using var extended = await nodes.JoinExtendedAsync(0, "alice");

        await nodes.Redis.KillAsync();
        await nodes.Redis.StartAsync();

        await Eventually.That(
            async () =>
            {
                try
                {
                    return await SendAsync(nodes, "alice", "1") == 1;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            "the gateway listens again");
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
        var frame = await extended.TryReceiveFrameAsync();
        while (frame?.FrameCase == ServerFrame.FrameOneofCase.Event)
        {
            frame = await extended.TryReceiveFrameAsync();
        }

        Assert.That(frame, Has.Property("FrameCase").EqualTo(ServerFrame.FrameOneofCase.Resumed), "It may have missed some");
        Assert.That(frame!.Resumed.Resumed_, Is.False);
    }

    [Test]
    public async Task Channel_MessageThatIsNoEvent_IsPassedOver_AndTold()
    {
        await using var nodes = await NodesFixture.StartAsync(1, Channels);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await ListenersAsync(nodes, 1);

        await nodes.Database.PublishAsync(RedisChannel.Literal("z:notify:alice"), "no protobuf");
        await nodes.Database.PublishAsync(RedisChannel.Literal("z:notify:"), HubFixture.Removed("1").ToByteArray());
        await SendAsync(nodes, "alice", "2");

        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
        Assert.That(nodes.Nodes[0].Log.Named("EventSourceUnusable").Select(entry => entry.Message), Is.EqualTo(new[]
        {
            "An event of the channel, 'z:notify:alice', cannot be used: it is no protobuf message.",
            "An event of the channel, 'z:notify:', cannot be used: it names no user.",
        }));
    }

    [Test]
    public async Task Stream_ReadByTwoGateways_TellsEachEntryOnce_AndRemovesIt()
    {
        const int Count = 200;
        await using var nodes = await NodesFixture.StartAsync(0);
        await AddAsync(nodes, "0", "alice");
        // A gateway that is slower than the others' patience has its entries told twice.
        var patient = new Dictionary<string, string?>(Streams) { ["Gateway:EventSource:ClaimAfter"] = "00:05:00" };
        await nodes.AddNodeAsync(patient);
        await nodes.AddNodeAsync(patient);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await using var bob = await nodes.JoinExtendedAsync(1, "bob");
        await Eventually.That(async () => await nodes.Database.StreamLengthAsync(Stream) == 0, "what was written before is read");

        for (var i = 1; i <= Count; i++)
        {
            await AddAsync(nodes, $"{i}", "alice", "bob");
        }

        List<string> onAlice = [], onBob = [];
        for (var i = 1; i <= Count; i++)
        {
            onAlice.Add((await alice.ReceiveAsync()).FriendRemove.UserId);
            var told = await bob.ReceiveEventAsync();
            Assert.That(told.Sequence, Is.EqualTo((ulong)i));
            onBob.Add(told.Notify.FriendRemove.UserId);
        }

        var all = Enumerable.Range(1, Count).Select(i => $"{i}");
        Assert.That(onAlice.Except(["0"]), Is.SubsetOf(all));
        Assert.That(onBob, Is.EquivalentTo(all));
        await Eventually.That(async () => await nodes.Database.StreamLengthAsync(Stream) == 0, "all are removed");
        Assert.That((await nodes.Database.StreamPendingAsync(Stream, "gateway")).PendingMessageCount, Is.Zero);
    }

    [Test]
    public async Task Stream_EntryOfAGatewayThatDied_IsTakenOver()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await nodes.Database.StreamCreateConsumerGroupAsync(Stream, "gateway", "0", createStream: true);
        await AddAsync(nodes, "1", "alice");
        // It has read the entry, and is never heard of again.
        await nodes.Database.StreamReadGroupAsync(Stream, "gateway", "dead", StreamPosition.NewMessages);
        var node = await nodes.AddNodeAsync(Streams);

        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
        Assert.That(node.Log.Named("EventSourceTakenOver").Single().Message, Does.StartWith("1 events of the stream 'z:events'"));
        await Eventually.That(async () => await nodes.Database.StreamLengthAsync(Stream) == 0, "it is settled");
    }

    [Test]
    public async Task Stream_EntryThatIsNoEvent_IsSetAside_AndStandsInNobodysWay()
    {
        await using var nodes = await NodesFixture.StartAsync(1, Streams);
        await using var alice = await nodes.JoinAsync(0, "alice");

        await nodes.Database.StreamAddAsync(Stream, "message", HubFixture.Removed("1").ToByteArray());
        await nodes.Database.StreamAddAsync(Stream, [new("user", "alice"), new("message", "no protobuf")]);
        await AddAsync(nodes, "2", "alice");

        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
        var dead = await nodes.Database.StreamRangeAsync("z:events:dead");
        Assert.That(dead.Select(entry => (string?)entry["problem"]), Is.EqualTo(new[] { "has no 'user', or one that is no user id", "has no 'message', or one that is no protobuf message" }));
        Assert.That((string?)dead[1]["message"], Is.EqualTo("no protobuf"));
        await Eventually.That(async () => await nodes.Database.StreamLengthAsync(Stream) == 0, "they are settled");
    }

    [Test]
    public async Task Stream_WhileRedisIsAway_LosesNothing()
    {
        var redis = await RedisProcess.CreateAsync("--appendonly", "yes", "--appendfsync", "always");
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1, Streams);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await AddAsync(nodes, "1", "alice");
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));

        await redis.KillAsync();
        await redis.StartAsync();
        await Eventually.That(
            async () =>
            {
                try
                {
                    await AddAsync(nodes, "2", "alice");
                    return true;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            "Redis is back");

        var next = await alice.ReceiveAsync();
        if (next.Equals(HubFixture.Removed("1")))
        {
            // Redis went before it had heard that the first one was told.
            next = await alice.ReceiveAsync();
        }

        Assert.That(next, Is.EqualTo(HubFixture.Removed("2")));
    }

    [Test]
    public async Task Stop_LeavesTheGroup()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Streams);
        await Eventually.That(
            async () =>
            {
                // Who has never read an entry is in no list.
                await AddAsync(nodes, "1", "nobody");
                return (await nodes.Database.StreamConsumerInfoAsync(Stream, "gateway")).Length == 2;
            },
            "both are in the group");
        // Who leaves with entries of its own stays in the list, so that others take them over.
        await Eventually.That(async () => await nodes.Database.StreamLengthAsync(Stream) == 0, "all entries are settled");

        await nodes.StopNodeAsync(1);

        Assert.That((await nodes.Database.StreamConsumerInfoAsync(Stream, "gateway")).Select(consumer => consumer.Name), Is.EqualTo(new[] { nodes.Hub(0).NodeName }));
    }

    private static Task ListenersAsync(NodesFixture nodes, int count) =>
        Eventually.That(() => nodes.Nodes.Sum(node => node.Log.Named("EventSourceReady").Count) == count, "all listen");

    private static Task<long> SendAsync(NodesFixture nodes, string user, string by) =>
        nodes.Database.PublishAsync(RedisChannel.Literal($"z:notify:{user}"), HubFixture.Removed(by).ToByteArray());

    private static async Task AddAsync(NodesFixture nodes, string by, params string[] users) => await nodes.Database.StreamAddAsync(
        Stream, [.. users.Select(user => new NameValueEntry("user", user)), new("message", HubFixture.Removed(by).ToByteArray())]);
}
