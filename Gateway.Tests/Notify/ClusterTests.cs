using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

/// <summary>The hub on a Redis Cluster, where channels are sharded and a script may touch one slot only.</summary>
[TestFixture]
[Servers]
internal sealed class ClusterTests
{
    [TestCase("alice")]
    [TestCase("{weird}%}user")]
    public async Task Hub_OnARedisCluster_DeliversResumesAndReplaces(string user)
    {
        await using var redis = await RedisProcess.CreateClusterAsync();
        await using var connection = await redis.ConnectAsync();
        await using var first = await StartAsync(redis);
        await using var second = await StartAsync(redis);
        first.Sessions.Set("s-1", user);
        second.Sessions.Set("s-1", user);

        var before = await ExtendedClient.JoinAsync(Address(first), "s-1");
        await PublishAsync(second, user, "1");
        Assert.That((await before.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
        await PublishAsync(second, user, new string('x', 1 << 20));
        var told = before.Sequence;
        Assert.That((await before.ReceiveEventAsync()).Notify.FriendRemove.UserId, Has.Length.EqualTo(1 << 20));
        await using var after = await ExtendedClient.JoinAsync(Address(second), "s-1", before, told);
        Assert.That(await after.ReceiveResumedAsync(), Is.True);
        Assert.That((await after.ReceiveEventAsync()).Notify.FriendRemove.UserId, Has.Length.EqualTo(1 << 20));
        Assert.That(await before.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        await before.DisposeAsync();
    }

    private static Uri Address(GatewayFixture gateway) => HubFixture.WebSocketUri(gateway.Urls[1], "/ws");

    private static Task PublishAsync(GatewayFixture gateway, string user, string text) =>
        NodesFixture.HubOf(gateway).PublishAsync([user], HubFixture.Removed(text), CancellationToken.None);

    private static async Task<GatewayFixture> StartAsync(RedisProcess redis)
    {
        var gateway = await GatewayFixture.StartAsync("http://127.0.0.1:1", new()
        {
            ["Gateway:Notify:Bus"] = "Redis",
            ["Gateway:Redis:Configuration"] = redis.Configuration,
            ["Gateway:Notify:RedisTimeout"] = "00:00:02",
        });
        await Eventually.That(() => !NodesFixture.HubOf(gateway).IsDegraded, "the node has found Redis");
        return gateway;
    }
}
