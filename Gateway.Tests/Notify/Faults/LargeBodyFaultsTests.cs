using Gateway.Chaos.Hub;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>The bodies of large events lie anywhere in a cluster: a shard that stands still must not take along those whose bucket is elsewhere.</summary>
[TestFixture]
[Servers]
internal sealed class LargeBodyFaultsTests
{
    private const int Shards = 3;
    private const int Large = 12;

    /// <summary>A body that cannot be put down, on another shard, says nothing about the recipients' own: small events of others go their way.</summary>
    [Test]
    public async Task BodyThatCannotBePutDown_LosesNoOtherEvent()
    {
        await using var cluster = await StartAsync();
        var (nodes, frozen) = (cluster.Nodes, cluster.Other);
        var ledger = new Ledger("alice");
        await using var listener = ledger.Listen("alice", "s-alice", nodes.Address(1));
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 1);
        // In the same bucket, and without a socket of his own.
        var photos = cluster.Namesake;
        await frozen.PauseAsync();
        await Eventually.That(() => nodes.Hub(0).IsDegraded, "the users of that shard have noticed");

        using var stopping = new CancellationTokenSource();
        var publishing = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                await ledger.PublishAsync(nodes, 0);
            }
        })).ToArray();
        var large = new List<Task>();
        for (var i = 0; i < 5 * Large; i++)
        {
            large.Add(nodes.PublishAsync(0, [photos], HubFixture.Removed(new string('x', 20 << 10))));
            await Task.Delay(20);
        }

        await Task.WhenAll(large);
        await stopping.CancelAsync();
        await Task.WhenAll(publishing).DefaultTimeout();
        frozen.Resume();
        await ledger.CheckAsync(nodes, plainMayMiss: false);
    }

    /// <summary>Who resumes from before an event whose body lies on a shard that is away is let in, and told that it is gone.</summary>
    [Test]
    public async Task BodyThatCannotBeFetched_LetsTheClientInAllTheSame()
    {
        await using var cluster = await StartAsync();
        var (nodes, frozen) = (cluster.Nodes, cluster.Other);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        for (var i = 0; i < Large; i++)
        {
            await nodes.PublishAsync(0, ["alice"], HubFixture.Removed(new string('x', 20 << 10)));
            await alice.ReceiveEventAsync();
        }

        alice.Rewind();
        await frozen.PauseAsync();
        await using var again = await nodes.JoinExtendedAsync(1, "alice", alice);
        Assert.That(await again.ReceiveResumedAsync(), Is.False);
        frozen.Resume();
    }

    private static async Task<Cluster> StartAsync()
    {
        var shards = await RedisProcess.CreateClusterAsync(Shards);
        var patient = new Dictionary<string, string?> { ["Gateway:Notify:RedisTimeout"] = "00:00:01" };
        var nodes = await NodesFixture.StartAsync(shards[0], string.Join(',', shards.Select(shard => shard.Configuration)) + ",asyncTimeout=5000", 2, patient);
        return new Cluster(nodes, shards, ShardOf(nodes, "alice"));
    }

    private static int ShardOf(NodesFixture nodes, string user) =>
        RedisProcess.ShardOf(nodes.Connection.HashSlot(NodesFixture.Key(BrokenKeysTests.BucketOf(user), "state")), Shards);

    private sealed record Cluster(NodesFixture Nodes, RedisProcess[] Shards, int Own) : IAsyncDisposable
    {
        /// <summary>Neither of alice's bucket nor of her session, so that she can come back.</summary>
        public RedisProcess Other => Shards.Where((_, i) => i != Own && i != RedisProcess.ShardOf(Nodes.Connection.HashSlot("s-alice"), Shards.Length)).First();

        public string Namesake => Enumerable.Range(0, 1000).Select(i => $"user-{i}").First(user => BrokenKeysTests.BucketOf(user) == BrokenKeysTests.BucketOf("alice"));

        public async ValueTask DisposeAsync()
        {
            foreach (var shard in Shards)
            {
                shard.Resume();
            }

            await Nodes.DisposeAsync();
            foreach (var shard in Shards.Skip(1))
            {
                await shard.DisposeAsync();
            }
        }
    }
}
