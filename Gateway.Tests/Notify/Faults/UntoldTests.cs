using Gateway.Chaos.Hub;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>Events that did not get to other nodes, or got there late: whoever keeps count is told so, or has them once.</summary>
[TestFixture]
[Servers]
internal sealed class UntoldTests
{
    /// <summary>What a node could not publish it can no longer report.</summary>
    [Test]
    public async Task NodeThatIsCutOff_PublishesAndDies_IsToldToTheClientsOfOthers()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:02" };
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1, settings);
        await nodes.AddNodeAsync(settings, $"127.0.0.1:{relay.Port}");
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        relay.Cut();
        await Eventually.That(() => nodes.Hub(1).IsDegraded);
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("lost"));
        await nodes.StopNodeAsync(1);
        await Eventually.That(() => nodes.Nodes[0].Log.Named("HubNodeGone").Count == 1, "it is buried");
        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
    }

    /// <summary>What a node could not publish it reports before it leaves.</summary>
    [Test]
    public async Task NodeThatStopsRightAfterALoss_SaysSo()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:30" };
        await using var nodes = await NodesFixture.StartAsync(2, settings);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        var bucket = await nodes.BucketOfAsync("alice");
        await NextBeatAsync(nodes, bucket, 1);
        var state = NodesFixture.Key(bucket, "state");
        await nodes.Database.KeyRenameAsync(state, $"{state}:away");
        await nodes.Database.StringSetAsync(state, "of somebody else");
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("lost"));
        await nodes.Database.KeyRenameAsync($"{state}:away", state);
        await nodes.StopNodeAsync(1);
        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
    }

    /// <summary>A call without an answer in time may have got in: then the event comes by its number, and not ahead of it as well.</summary>
    [Test]
    public async Task EventToldEarly_ThatGotIn_IsNotReplayedToWhoHasHadIt()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:30" };
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1, settings);
        await nodes.AddNodeAsync(settings, $"127.0.0.1:{relay.Port}");
        var ledger = new Ledger("alice");
        await using var client = ledger.Follow("alice", "s-alice", nodes.Address(1), nodes.Address(0));
        await using var witness = ledger.Listen("alice", "s-alice", nodes.Address(1));
        await Eventually.That(async () => client.IsWelcome && (await nodes.SocketsOfAsync("alice")).Count == 2);

        relay.HoldAnswers();
        await NextBeatAsync(nodes, await nodes.BucketOfAsync("alice"), 1);
        await ledger.PublishAsync(nodes, 1);
        await Eventually.That(() => witness.Told().Any(told => told.Number == 0), "those of the node are told early");
        client.Break();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Any(socket => socket.IsExtended && socket.Node == nodes.Hub(0).NodeName), "it has come back elsewhere");
        relay.Restore();
        await ledger.CheckAsync(nodes);
    }

    /// <summary>The same on one socket: the event is in the answer to a resume that was under way.</summary>
    [Test]
    public async Task EventToldEarly_DuringAResumeThatBringsIt_ComesOnce()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:30", ["Gateway:Notify:RedisTimeout"] = "00:00:04" };
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, $"127.0.0.1:{relay.Port},asyncTimeout=20000", 1, settings);
        await using var witness = await nodes.JoinAsync(0, "alice");
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        var bucket = await nodes.BucketOfAsync("alice");
        relay.HoldAnswers();
        await NextBeatAsync(nodes, bucket, 0);
        var publishing = nodes.PublishAsync(0, ["alice"], HubFixture.Removed("1"));
        await Eventually.That(async () => await nodes.Database.ListLengthAsync(NodesFixture.Key(bucket, "log:alice")) == 1, "it got in");
        await Task.Delay(TimeSpan.FromSeconds(2));
        await alice.SendAsync(new ClientFrame { Resume = new Resume { Epoch = alice.Epoch, Sequence = alice.Sequence } });
        Assert.That(await witness.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")), "Early");
        relay.Restore();
        await publishing;
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("2"));

        List<string> told = [];
        while (told.LastOrDefault() != "2" && await alice.TryReceiveFrameAsync() is { } frame)
        {
            Assert.That(frame.Resumed?.Resumed_, Is.Not.False, "Late as it was, nothing is lost");
            told.AddRange(frame.Event?.Notify is { } notify ? [notify.FriendRemove.UserId] : []);
        }

        Assert.That(told, Is.EqualTo(new[] { "1", "2" }));
    }

    /// <summary>Nodes may be allowed to be silent for minutes.</summary>
    [Test]
    public async Task Redis_ThatIsBack_IsFoundSoon_HoweverLongNodesMayBeSilent()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:NodeTimeout"] = "00:05:00" });
        await nodes.Redis.KillAsync();
        await Eventually.That(() => nodes.Hub(0).IsDegraded);
        await nodes.Redis.StartAsync();
        await Eventually.That(() => !nodes.Hub(0).IsDegraded, "the node has recovered");
    }

    /// <summary>Waits until a beat of a node has got in.</summary>
    private static async Task NextBeatAsync(NodesFixture nodes, int bucket, int node)
    {
        var last = await BeatAsync();
        await Eventually.That(async () => await BeatAsync() != last, "it beats");

        Task<double?> BeatAsync() => nodes.Database.SortedSetScoreAsync(NodesFixture.Key(bucket, "nodes"), nodes.Hub(node).NodeName);
    }
}
