using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

/// <summary>What the hub does while Redis or a node is away, and after.</summary>
[TestFixture]
[Servers]
internal sealed class OutageTests
{
    [Test]
    public async Task Redis_DownAndBack_LocalSocketsAreServed_AndWhoKeepsCountLoadsAnew()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var here = await nodes.JoinAsync(0, "alice");
        await using var hereExtended = await nodes.JoinExtendedAsync(0, "alice");
        await using var there = await nodes.JoinExtendedAsync(1, "alice");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("before"));
        Assert.That(await here.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("before")));
        await hereExtended.ReceiveEventAsync();
        await there.ReceiveEventAsync();

        await nodes.Redis.KillAsync();
        // Redis may have taken the event that finds it gone, so clients that keep count hear of that one early only if it never left.
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("at-the-end"));
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("during-1"));
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("during-2"));
        Assert.That(nodes.Hub(0).IsDegraded, Is.True);
        foreach (var name in new[] { "at-the-end", "during-1", "during-2" })
        {
            Assert.That(await here.ReceiveAsync(), Is.EqualTo(HubFixture.Removed(name)));
        }

        var ahead = (await hereExtended.ReceiveAsync(ServerFrame.FrameOneofCase.Event)).Event;
        if (ahead.Notify.Equals(HubFixture.Removed("at-the-end")))
        {
            ahead = (await hereExtended.ReceiveAsync(ServerFrame.FrameOneofCase.Event)).Event;
        }

        Assert.That((ahead.Sequence, ahead.Notify), Is.EqualTo((0UL, HubFixture.Removed("during-1"))));
        await hereExtended.ReceiveAsync(ServerFrame.FrameOneofCase.Event);

        await nodes.Redis.StartAsync();
        await Eventually.That(() => !nodes.Hub(0).IsDegraded && !nodes.Hub(1).IsDegraded, "both nodes have recovered");
        Assert.That(await there.ReceiveResumedAsync(), Is.False);
        Assert.That(await hereExtended.ReceiveResumedAsync(), Is.False);

        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("after"));
        Assert.That(await here.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("after")));
        Assert.That((await hereExtended.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("after")));
        Assert.That((await there.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("after")));
    }

    [Test]
    public async Task Redis_ThatForgotEverything_IsToldAnew()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var alice = await nodes.JoinExtendedAsync(1, "alice");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("before"));
        await alice.ReceiveEventAsync();
        await nodes.Database.ExecuteAsync("FLUSHALL");
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 1);
        Assert.That(await alice.ReceiveResumedAsync(), Is.False, "The count began anew");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("after"));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("after")));
    }

    [Test]
    [Category("Program")]
    public async Task Node_KilledUnderLoad_LosesNothingForThoseWhoResumeElsewhere()
    {
        const int Events = 300;
        await using var nodes = await NodesFixture.StartAsync(1);
        using var doomed = await GatewayProcess.StartAsync(Settings(nodes));
        var before = await ExtendedClient.JoinAsync(doomed.WebSocket, "s-alice");
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < Events; sent++)
            {
                await nodes.PublishAsync(0, ["alice"], HubFixture.Removed($"{sent}"));
                await Task.Delay(2);
            }
        });

        var told = new List<string>();
        while (told.Count < Events / 3)
        {
            told.Add((await before.ReceiveEventAsync()).Notify.FriendRemove.UserId);
        }

        doomed.Kill();
        await before.DisposeAsync();
        await using var after = await nodes.JoinExtendedAsync(0, "alice", before);
        Assert.That(await after.ReceiveResumedAsync(), Is.True);
        while (told.Count < Events)
        {
            told.Add((await after.ReceiveEventAsync()).Notify.FriendRemove.UserId);
        }

        await sending;
        Assert.That(told, Is.EqualTo(Enumerable.Range(0, Events).Select(i => $"{i}")));
    }

    [Test]
    [Category("Program")]
    public async Task Node_Killed_LeavesNoGhostAndNoMarker()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:NodeTimeout"] = "00:00:02", ["Gateway:Notify:LastDisconnectGrace"] = "00:00:03" });
        using (var doomed = await GatewayProcess.StartAsync(Settings(nodes)))
        {
            await using var bob = await ExtendedClient.JoinAsync(doomed.WebSocket, "s-bob");
            Assert.That(await nodes.SocketsOfAsync("bob"), Has.Count.EqualTo(1));
            doomed.Kill();
        }

        await Eventually.That(async () => (await nodes.SocketsOfAsync("bob")).Count == 0);
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));
    }

    [Test]
    [Category("Program")]
    public async Task Node_StoppedInGoodOrder_IsNotMissed_AKilledOneIs()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:NodeTimeout"] = "00:00:02", ["Gateway:Notify:LastDisconnectGrace"] = "00:00:01" });
        using var stopped = await GatewayProcess.StartAsync(new(Settings(nodes)) { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:01" });
        await Eventually.That(async () => await nodes.CountAsync("nodes") == 2 * NodesFixture.Buckets);
        await using var bob = await ExtendedClient.JoinAsync(stopped.WebSocket, "s-bob");
        Assert.That(await nodes.SocketsOfAsync("bob"), Has.Count.EqualTo(1));
        Assert.That(await stopped.StopAsync(), Is.Zero);
        Assert.That(await nodes.CountAsync("nodes"), Is.EqualTo(NodesFixture.Buckets), "Only the one that is left");
        Assert.That(await nodes.SocketsOfAsync("bob"), Is.Empty);
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));

        using var killed = await GatewayProcess.StartAsync(Settings(nodes));
        await Eventually.That(async () => await nodes.CountAsync("nodes") == 2 * NodesFixture.Buckets);
        killed.Kill();

        // Were the first one missed, it would be told before the second.
        await Eventually.That(() => nodes.Nodes[0].Log.Named("HubNodeGone").Count > 0);
        await Eventually.That(async () => await nodes.CountAsync("nodes") == NodesFixture.Buckets);
        Assert.That(nodes.Nodes[0].Log.Named("HubNodeGone"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Redis_RefusesOneUsersKeys_TheOthersAreServed()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var alice = await nodes.JoinAsync(1, "alice");
        for (var bucket = 0; bucket < NodesFixture.Buckets; bucket++)
        {
            await nodes.Database.StringSetAsync(NodesFixture.Key(bucket, "user:bob"), "of somebody else");
        }

        await using var bob = await NotifyClient.JoinAsync(nodes.Address(0), "s-bob");
        Assert.That(await bob.ReceiveCloseAsync(), Is.EqualTo((4504, "event-store-down")));
        await nodes.PublishAsync(0, ["bob", "alice"], HubFixture.Removed("1"));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));

        Assert.That(nodes.Nodes[0].Log.Named("HubRefused").Single().Message, Does.Contain("WRONGTYPE"));
        Assert.That(nodes.Nodes[0].Log.Named("HubDegraded"), Is.Empty);
        Assert.That(nodes.Hub(0).IsDegraded, Is.False);
    }

    [Test]
    public async Task Redis_Away_NewSocketsAreAskedToComeBack()
    {
        // Sessions in memory: only the hub needs Redis.
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:Bus"] = "Redis",
            ["Gateway:Redis:Configuration"] = $"127.0.0.1:{LoopbackPort.Free()}",
            ["Gateway:Notify:RedisTimeout"] = "00:00:00.100",
        });
        await using var alice = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((4504, "event-store-down")));
    }

    private static Dictionary<string, string?> Settings(NodesFixture nodes) => new()
    {
        ["Gateway:Sessions:Store"] = "Redis",
        ["Gateway:Redis:Configuration"] = nodes.Redis.Configuration,
        // A process that has just started on a busy machine has not much time for Redis.
        ["Gateway:Notify:RedisTimeout"] = "00:00:05",
    };
}
