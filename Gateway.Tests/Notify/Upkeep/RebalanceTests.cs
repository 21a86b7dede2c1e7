using Gateway.Chaos.Hub;
using Gateway.Notify.Upkeep;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Notify.Faults;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Gateway.Tests.Notify.Upkeep;

/// <summary>A node that has far more sockets than the others hands some over, and nobody loses anything by it.</summary>
[TestFixture]
[Servers]
internal sealed class RebalanceTests
{
    private const string Key = "gateway:notify:0:sockets";

    private static readonly Dictionary<string, string?> On = new()
    {
        ["Gateway:Notify:RebalanceRate"] = "100",
        ["Gateway:Notify:RebalanceMinimum"] = "1",
        ["Gateway:Notify:RebalanceMinimumAge"] = "00:00:00",
        // For so long nobody counts as missing who comes later than he should.
        ["Gateway:Notify:DrainReconnectJitter"] = "00:05:00",
        // A node that has said once that it is there counts to the end of the test.
        ["Gateway:Notify:NodeTimeout"] = "00:01:00",
    };

    [Test]
    public async Task NodeComes_ExtendedClientsAreToldAndResumeThere_TheOthersStay()
    {
        await using var nodes = await NodesFixture.StartAsync(1, On);
        var plain = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => nodes.JoinAsync(0, "alice")));
        var extended = await JoinExtendedAsync(nodes, 8);
        await nodes.AddNodeAsync(On);

        // Twelve sockets on two nodes: seven is a tenth above the mean.
        var told = extended.Select(client => client.TryReceiveFrameAsync()).ToArray();
        await Eventually.That(() => told.Count(task => task.IsCompleted) == 5);
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("bob"));

        foreach (var (client, frame) in extended.Zip(await Task.WhenAll(told)))
        {
            if (frame!.FrameCase == ServerFrame.FrameOneofCase.Event)
            {
                continue;
            }

            Assert.That(frame.Drain, Is.EqualTo(new Drain { ReconnectDelayMs = 500, JitterMs = 300_000 }));
            Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1001, "going-away")));
            await using var after = await nodes.JoinExtendedAsync(1, "alice", client);
            Assert.That(await after.ReceiveResumedAsync(), Is.True);
            Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
        }

        foreach (var client in plain)
        {
            Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
        }

        await DisposeAsync([.. plain, .. extended]);
        Assert.That(nodes.Nodes[0].Log.Named("RebalanceBegun").Single().Message, Does.StartWith("This node has 12 sockets, and the 2 nodes have 6 on average:"));
    }

    [Test]
    public async Task NodeComes_WhileEventsFlow_NothingIsLost_AndItEndsNearTheMean()
    {
        await using var nodes = await NodesFixture.StartAsync(1, On);
        var ledger = new Ledger("alice");
        Uri[] addresses = [nodes.Address(0)];
        var clients = Enumerable.Range(0, 12).Select(_ => ledger.Follow("alice", "s-alice", addresses)).ToArray();
        foreach (var client in clients)
        {
            // They are told to take five minutes, see above.
            client.LongestPause = TimeSpan.FromMilliseconds(200);
        }

        await Eventually.That(() => clients.All(client => client.IsWelcome));
        using var ending = new CancellationTokenSource();
        var flowing = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                await ledger.PublishAsync(nodes, 0);
                // Who is away for a second must not miss more than is kept.
                await Task.Delay(10);
            }
        });

        await nodes.AddNodeAsync(On);
        addresses[0] = nodes.Address(1);
        await Eventually.That(() => nodes.Nodes[1].OpenSockets() == 5, "five have moved");
        await ledger.GrowAsync();
        await ending.CancelAsync();
        await flowing.DefaultTimeout();

        await ledger.CheckAsync(nodes);
        await LookAsync(nodes);
        Assert.That(nodes.Nodes.Select(node => node.OpenSockets()), Is.EqualTo(new[] { 7, 5 }));
        Assert.That(clients.Sum(client => client.Reloads), Is.Zero, "Nobody had to load anew");
        await DisposeAsync(clients);
    }

    [Test]
    public async Task PlainClients_AreSentAwayWhereTheSettingSaysSo_BehindTheOthers()
    {
        var settings = new Dictionary<string, string?>(On) { ["Gateway:Notify:RebalancePlain"] = "true" };
        await using var nodes = await NodesFixture.StartAsync(1, settings);
        var plain = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => nodes.JoinAsync(0, "alice")));
        var extended = await JoinExtendedAsync(nodes, 2);
        var told = plain.Select(client => client.TryReceiveAsync()).ToArray();

        await NoteAsync(nodes, "other", TimeSpan.Zero);

        foreach (var client in extended)
        {
            Assert.That((await client.TryReceiveFrameAsync())!.FrameCase, Is.EqualTo(ServerFrame.FrameOneofCase.Drain));
            Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1001, "going-away")));
        }

        await Eventually.That(() => SentAway(nodes) == 5);
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("bob"));
        Assert.That((await Task.WhenAll(told)).Count(message => message is null), Is.EqualTo(3));
        Assert.That(plain.Select(client => client.CloseCode).OfType<int>(), Has.All.EqualTo(1001));
        await DisposeAsync([.. plain, .. extended]);
    }

    [Test]
    public async Task SilentNode_DoesNotCount_AndOneThatNobodyIsSentTo_CostsEachClientOneReconnect()
    {
        const int Clients = 12;
        var settings = new Dictionary<string, string?>(On)
        {
            ["Gateway:Notify:DrainReconnectDelay"] = "00:00:00",
            ["Gateway:Notify:DrainReconnectJitter"] = "00:00:00",
        };
        await using var nodes = await NodesFixture.StartAsync(1, settings);
        var ledger = new Ledger("alice");
        var clients = Enumerable.Range(0, Clients).Select(_ => ledger.Follow("alice", "s-alice", nodes.Address(0))).ToArray();
        await Eventually.That(() => clients.All(client => client.IsWelcome));
        await NoteAsync(nodes, "silent", TimeSpan.FromMinutes(6));
        await LookAsync(nodes);
        Assert.That(SentAway(nodes), Is.Zero);
        Assert.That(await nodes.Database.HashKeysAsync(Key), Is.EqualTo(new RedisValue[] { nodes.Hub(0).NodeName }), "It is struck off");

        await NoteAsync(nodes, "unreachable", TimeSpan.Zero);
        await Eventually.That(() => nodes.Nodes[0].Log.Named("RebalanceStuck").Count == 1);
        await ledger.CheckAsync(nodes);

        Assert.That(SentAway(nodes), Is.EqualTo(Clients));
        await DisposeAsync(clients);
    }

    [Test]
    public async Task YoungSockets_Stay()
    {
        var settings = new Dictionary<string, string?>(On) { ["Gateway:Notify:RebalanceMinimumAge"] = "00:10:00" };
        await using var nodes = await NodesFixture.StartAsync(1, settings);
        var extended = await JoinExtendedAsync(nodes, 8);

        await NoteAsync(nodes, "other", TimeSpan.Zero);
        await Eventually.That(() => nodes.Nodes[0].Log.Named("RebalanceBegun").Count == 1);
        await LookAsync(nodes);

        Assert.That(SentAway(nodes), Is.Zero);
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("bob"));
        foreach (var client in extended)
        {
            Assert.That((await client.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
        }

        await DisposeAsync(extended);
    }

    [Test]
    public async Task RedisFailsSomeUsers_NobodyIsSentAway_UntilItTakesAllAgain()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new(On) { ["Gateway:Notify:NodeTimeout"] = "00:00:06" });
        var extended = await JoinExtendedAsync(nodes, 8);
        var told = extended.Select(client => client.TryReceiveFrameAsync()).ToArray();
        var otherBucket = NodesFixture.Key((await nodes.BucketOfAsync("alice") + 1) % NodesFixture.Buckets, "nodes");
        await nodes.Database.StringSetAsync(otherBucket, "of another type");
        await Eventually.That(() => nodes.Hub(0).IsDegraded);

        await NoteAsync(nodes, "other", TimeSpan.Zero);
        await LookAsync(nodes);
        Assert.That(told.Any(task => task.IsCompleted), Is.False);

        await nodes.Database.KeyDeleteAsync(otherBucket);
        await Eventually.That(() => !nodes.Hub(0).IsDegraded);
        await NoteAsync(nodes, "other", TimeSpan.Zero);
        await Eventually.That(() => told.Any(task => task.IsCompleted));
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("bob"));
        await Task.WhenAll(told);
        await DisposeAsync(extended);
    }

    [Test]
    public async Task Node_ThatStops_OrIsForRequestsAlone_OrHasNoRate_DoesNotCount()
    {
        await using var nodes = await NodesFixture.StartAsync(2, On);
        await nodes.AddNodeAsync(new(On) { ["Gateway:Roles"] = "proxy" });
        await nodes.AddNodeAsync();
        await Eventually.That(async () => await nodes.Database.HashLengthAsync(Key) == 2);
        Assert.That(nodes.Nodes.Select(node => node.Services.GetRequiredService<Rebalance>().ExecuteTask!.IsCompleted), Is.EqualTo(new[] { false, false, true, true }));

        await nodes.StopNodeAsync(1);

        Assert.That(await nodes.Database.HashKeysAsync(Key), Is.EqualTo(new RedisValue[] { nodes.Hub(0).NodeName }));
    }

    private static async Task<ExtendedClient[]> JoinExtendedAsync(NodesFixture nodes, int count)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => nodes.JoinExtendedAsync(0, "alice")));
        await Eventually.That(() => nodes.Nodes[0].OpenSockets() >= count);
        return clients;
    }

    /// <summary>A node that stops would wait for each client's close frame.</summary>
    private static async Task DisposeAsync(IEnumerable<IAsyncDisposable> clients)
    {
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>How many sockets the first node has closed for the sake of others.</summary>
    private static int SentAway(NodesFixture nodes) => nodes.Nodes[0].Log.Named("SocketClosed").Count(entry => entry.Message.Contains("1001", StringComparison.Ordinal));

    /// <summary>Has another node say, some time ago, that it has no sockets.</summary>
    private static async Task NoteAsync(NodesFixture nodes, string node, TimeSpan ago)
    {
        var now = await nodes.Connection.GetServers()[0].TimeAsync();
        await nodes.Database.HashSetAsync(Key, node, $"0|{new DateTimeOffset(now, TimeSpan.Zero).Subtract(ago).ToUnixTimeMilliseconds()}");
    }

    /// <summary>Waits until the first node has looked once from beginning to end: it notes its sockets at the beginning, and again at that of the next.</summary>
    private static async Task LookAsync(NodesFixture nodes)
    {
        for (var notes = 0; notes < 2; notes++)
        {
            var before = await nodes.Database.HashGetAsync(Key, nodes.Hub(0).NodeName);
            await Eventually.That(async () => await nodes.Database.HashGetAsync(Key, nodes.Hub(0).NodeName) != before);
        }
    }
}
