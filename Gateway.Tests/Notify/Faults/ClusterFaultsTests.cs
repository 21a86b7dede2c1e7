using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>A Redis Cluster of three primaries, one of which stands still: only its users notice.</summary>
[TestFixture]
[Servers]
internal sealed class ClusterFaultsTests
{
    private const int Shards = 3;
    private const int Users = 12;
    private const int Events = 100;

    [Test]
    public async Task OneShardFrozen_ConcernsItsUsersAlone()
    {
        var shards = await RedisProcess.CreateClusterAsync(Shards);
        await using var second = shards[1];
        await using var third = shards[2];
        // A busy machine must not make a call to another shard late, which would be a loss of its own.
        var patient = new Dictionary<string, string?> { ["Gateway:Notify:RedisTimeout"] = "00:00:03" };
        await using var nodes = await NodesFixture.StartAsync(
            shards[0], string.Join(',', shards.Select(shard => shard.Configuration)) + ",asyncTimeout=5000", 2, patient);
        var clients = new List<(string User, ExtendedClient Client, int Shard)>();
        for (var i = 0; i < Users; i++)
        {
            var user = $"user-{i}";
            await nodes.LogInAsync($"s-{user}", user);
            var client = await nodes.JoinExtendedAsync(i % 2, user);
            var slot = nodes.Connection.HashSlot(NodesFixture.Key(await nodes.BucketOfAsync(user), "state"));
            clients.Add((user, client, RedisProcess.ShardOf(slot, Shards)));
        }

        var frozen = clients[0].Shard;
        var others = clients.Where(one => one.Shard != frozen).ToList();
        Assert.That(others, Is.Not.Empty, "or this shows nothing");
        await shards[frozen].PauseAsync();
        await Eventually.That(() => nodes.Hub(0).IsDegraded && nodes.Hub(1).IsDegraded);

        string[] everybody = [.. clients.Select(one => one.User)];
        for (var i = 0; i < Events; i++)
        {
            await nodes.PublishAsync(0, everybody, HubFixture.Removed($"{i}"));
        }

        foreach (var (user, client, _) in others)
        {
            for (var i = 0; i < Events; i++)
            {
                Assert.That((await client.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed($"{i}")), user);
            }
        }

        shards[frozen].Resume();
        await Eventually.That(() => !nodes.Hub(0).IsDegraded && !nodes.Hub(1).IsDegraded, "both nodes have recovered");
        foreach (var (user, client, _) in clients.Where(one => one.Shard == frozen))
        {
            // Those on the node that published have had the events early.
            while (await client.TryReceiveFrameAsync() is { FrameCase: not ServerFrame.FrameOneofCase.Resumed } frame)
            {
                Assert.That((frame.FrameCase, frame.Event?.Sequence), Is.EqualTo((ServerFrame.FrameOneofCase.Event, 0UL)), user);
            }
        }

        await nodes.PublishAsync(0, everybody, HubFixture.Removed("after"));
        foreach (var (user, client, _) in others)
        {
            Assert.That((await client.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("after")), $"{user}, who was told nothing else");
        }

        foreach (var (_, client, _) in clients)
        {
            await client.DisposeAsync();
        }
    }
}
