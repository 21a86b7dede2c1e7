using Gateway.Chaos.Hub;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>
/// Two gateways under load, while Redis loses what it knew, stands still or is another one. Nobody who keeps count misses an event without
/// being told so, nobody gets one twice, and all see one order.
/// </summary>
[TestFixture]
[Servers]
internal sealed class RedisFaultsTests
{
    [Test]
    public async Task KilledAndRestoredFromAnOlderSnapshot_IsToldToEverybody()
    {
        var redis = await RedisProcess.CreateWithSnapshotsAsync();
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 2);
        await RunAsync(nodes, async ledger =>
        {
            await nodes.Database.ExecuteAsync("SAVE");
            await ledger.GrowAsync();
            await redis.KillAsync();
            await redis.StartAsync();
        });
    }

    /// <summary>As shown with the bus of before: the new events have lower numbers than the old, and nothing else tells.</summary>
    [Test]
    public async Task RestoredFromAnOlderSnapshot_WithoutLoad_NewEventsAreTold()
    {
        var redis = await RedisProcess.CreateWithSnapshotsAsync();
        await using var nodes = await NodesFixture.StartAsync(redis, redis.Configuration, 1);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        await nodes.Database.ExecuteAsync("SAVE");
        for (var i = 0; i < 3; i++)
        {
            await nodes.PublishAsync(0, ["alice"], HubFixture.Removed($"old-{i}"));
            await alice.ReceiveEventAsync();
        }

        await redis.RestartAsync();
        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
        for (var i = 0; i < 3; i++)
        {
            await nodes.PublishAsync(0, ["alice"], HubFixture.Removed($"new-{i}"));
            Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed($"new-{i}")));
        }
    }

    [Test]
    public async Task Flushed_IsToldToEverybody()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await RunAsync(nodes, _ => nodes.Database.ExecuteAsync("FLUSHALL"));
    }

    [Test]
    public async Task ScriptsFlushed_IsNoticedByNobody()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await RunAsync(
            nodes,
            async ledger =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await nodes.Database.ExecuteAsync("SCRIPT", "FLUSH");
                    await ledger.GrowAsync();
                }
            },
            isHarmless: true);
    }

    [Test]
    public async Task ReplicaPromotedWithoutTheTail_IsToldToEverybody()
    {
        var primary = await RedisProcess.CreateAsync();
        await using var replica = await RedisProcess.CreateAsync("--replicaof", "127.0.0.1", $"{primary.Port}", "--repl-diskless-sync-delay", "0");
        await using var toReplica = await replica.ConnectAsync();
        await using var relay = new TcpRelay(primary.Port);
        await using var nodes = await NodesFixture.StartAsync(primary, $"127.0.0.1:{relay.Port}", 2);
        await Eventually.That(async () => $"{await toReplica.GetServers()[0].ExecuteAsync("INFO", "replication")}".Contains("master_link_status:up"), "the replica follows");
        await RunAsync(nodes, async ledger =>
        {
            await toReplica.GetServers()[0].ExecuteAsync("REPLICAOF", "NO", "ONE");
            // The tail.
            await ledger.GrowAsync();
            relay.MoveTo(replica.Port);
        });
    }

    [Test]
    public async Task FrozenForLongerThanNodesMayBeSilent_BuriesNobody()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Notify:NodeTimeout"] = "00:00:02" });
        await RunAsync(nodes, async ledger =>
        {
            await nodes.Redis.PauseAsync();
            // So long that every beat is too old.
            await Task.Delay(TimeSpan.FromSeconds(4));
            Assert.That(nodes.Hub(0).IsDegraded, Is.True);
            nodes.Redis.Resume();
        });
        Assert.That(nodes.Nodes.SelectMany(node => node.Log.Named("HubNodeGone")), Is.Empty);
    }

    [Test]
    public async Task AnswersThatComeTooLate_RepeatNothing()
    {
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, $"127.0.0.1:{relay.Port}", 2);
        await RunAsync(nodes, async ledger =>
        {
            // Redis does everything it is asked, and nobody hears so.
            relay.HoldAnswers();
            await Eventually.That(() => nodes.Hub(0).IsDegraded && nodes.Hub(1).IsDegraded);
            relay.Restore();
        });
    }

    [Test]
    public async Task ConnectionsThatBreak_AgainAndAgain_LoseNothingUntold()
    {
        var redis = await RedisProcess.CreateAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var nodes = await NodesFixture.StartAsync(redis, $"127.0.0.1:{relay.Port}", 2);
        await RunAsync(nodes, async ledger =>
        {
            for (var i = 0; i < 3; i++)
            {
                relay.CloseAll();
                await ledger.GrowAsync();
            }
        });
    }

    /// <summary>Nodes compare no times but those of Redis.</summary>
    [Test]
    public async Task NodesWhoseClocksAreAMinuteApart_NoticeNothing()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:NodeTimeout"] = "00:00:02" };
        await using var nodes = await NodesFixture.StartAsync(1, settings);
        await nodes.AddNodeAsync(settings, clock: new ClockAhead(TimeSpan.FromMinutes(1)));
        await RunAsync(
            nodes,
            async ledger =>
            {
                foreach (var client in ledger.Followers)
                {
                    client.Break();
                    await ledger.GrowAsync();
                }

                foreach (var node in nodes.Nodes)
                {
                    Assert.That(node.Log.Named("HubNodeGone"), Is.Empty);
                }
            },
            isHarmless: true);
    }

    [Test]
    public async Task OneBucketThatFails_ConcernsItsUsersAlone()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        await using var bob = await nodes.JoinExtendedAsync(1, "bob");
        var (broken, other) = (await nodes.BucketOfAsync("alice"), await nodes.BucketOfAsync("bob"));
        Assert.That(broken, Is.Not.EqualTo(other), "or this shows nothing");
        await nodes.Database.StringSetAsync(NodesFixture.Key(broken, "state"), "of somebody else");
        await Eventually.That(() => nodes.Hub(0).IsDegraded);

        await nodes.PublishAsync(0, ["alice", "bob"], HubFixture.Removed("1"));
        Assert.That((await bob.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
        var early = (await alice.ReceiveAsync(ServerFrame.FrameOneofCase.Event)).Event;
        Assert.That((early.Sequence, early.Notify), Is.EqualTo((0UL, HubFixture.Removed("1"))));

        await nodes.Database.KeyDeleteAsync(NodesFixture.Key(broken, "state"));
        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
        await nodes.PublishAsync(0, ["alice", "bob"], HubFixture.Removed("2"));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("2")));
        Assert.That((await bob.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("2")));
    }

    /// <summary>Two sockets of each kind, on both nodes, and events from both.</summary>
    private static async Task RunAsync(NodesFixture nodes, Func<Ledger, Task> fault, bool isHarmless = false)
    {
        var ledger = new Ledger("alice");
        await using var first = ledger.Follow("alice", "s-alice", nodes.Address(0));
        await using var second = ledger.Follow("alice", "s-alice", nodes.Address(1));
        await using var here = ledger.Listen("alice", "s-alice", nodes.Address(0));
        await using var there = ledger.Listen("alice", "s-alice", nodes.Address(1));
        await Eventually.That(async () => first.IsWelcome && second.IsWelcome && (await nodes.SocketsOfAsync("alice")).Count == 4);

        using var stopping = new CancellationTokenSource();
        var publishing = Task.WhenAll(Enumerable.Range(0, 2).Select(node => Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                await ledger.PublishAsync(nodes, node);
                await Task.Delay(2);
            }
        })));
        await ledger.GrowAsync();
        await fault(ledger);
        await Eventually.That(() => !nodes.Hub(0).IsDegraded && !nodes.Hub(1).IsDegraded, "both nodes have recovered");
        await ledger.GrowAsync();
        await stopping.CancelAsync();
        await publishing.DefaultTimeout();

        await ledger.CheckAsync(nodes, plainMayMiss: !isHarmless);
        Assert.That(first.Reloads + second.Reloads, isHarmless ? Is.Zero : Is.GreaterThan(0));
    }

    private sealed class ClockAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
