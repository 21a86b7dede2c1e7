using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify.Upkeep;

/// <summary>Sessions and markers live on while a socket is open, by the node with the newest one.</summary>
[TestFixture]
[Servers]
internal sealed class RenewalWatchTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Gateway:Sessions:Renew:SessionTtl"] = "01:00:00",
        ["Gateway:Sessions:Renew:MarkerTtl"] = "00:10:00",
        ["Gateway:Sessions:Renew:Interval"] = "00:00:01",
    };

    [Test]
    public async Task Sockets_OnTwoNodes_AreRenewedByTheNewestAlone()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Settings);
        await nodes.LogInAsync("s-alice-2", "alice");
        await using var first = await nodes.JoinAsync(0, "alice");
        await using var other = await nodes.JoinAsync(0, "alice", "s-alice-2");
        Assert.That(await NewestAsync(nodes, 0), Is.EqualTo(new[] { ("s-alice", false, true), ("s-alice-2", true, true) }));

        await using var second = await nodes.JoinAsync(1, "alice");
        Assert.That(await NewestAsync(nodes, 0), Is.EqualTo(new[] { ("s-alice", false, false), ("s-alice-2", false, true) }));
        Assert.That(await NewestAsync(nodes, 1), Is.EqualTo(new[] { ("s-alice", true, true) }));

        await second.CloseAsync();
        Assert.That(await NewestAsync(nodes, 0), Is.EqualTo(new[] { ("s-alice", false, true), ("s-alice-2", true, true) }), "It passes on");
    }

    [Test]
    public async Task Renewal_ComesAgainAndAgain_AndMakesNothingAnew()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Settings);
        await using var alice = await nodes.JoinAsync(0, "alice");
        await using var bob = await nodes.JoinAsync(1, "bob");
        await nodes.Database.KeyDeleteAsync(["s-bob", "bob"]);
        await using var carol = await nodes.JoinAsync(1, "carol");
        await nodes.Database.KeyExpireAsync("s-carol", TimeSpan.FromDays(30));

        for (var i = 0; i < 3; i++)
        {
            await nodes.Database.KeyExpireAsync("s-alice", Short);
            await nodes.Database.KeyExpireAsync("alice", Short);
            await nodes.Database.KeyExpireAsync("carol", Short);
            await Eventually.That(async () => await LifeOfAsync("s-alice") > Short && await LifeOfAsync("alice") > Short && await LifeOfAsync("carol") > Short, "they live on");
        }

        Assert.That(await LifeOfAsync("alice"), Is.LessThanOrEqualTo(TimeSpan.FromMinutes(10)));
        Assert.That(await LifeOfAsync("s-alice"), Is.LessThanOrEqualTo(TimeSpan.FromHours(1)));
        Assert.That(await nodes.Database.KeyExistsAsync(["s-bob", "bob"]), Is.Zero, "What was deleted stays deleted");
        Assert.That(await LifeOfAsync("s-carol"), Is.GreaterThan(TimeSpan.FromDays(29)), "What lives longer is not made to end sooner");

        Task<TimeSpan?> LifeOfAsync(string key) => nodes.Database.KeyTimeToLiveAsync(key);
    }

    [Test]
    public async Task Sockets_OfAGatewayThatIsTheOnlyOne_AreRenewed()
    {
        await using var nodes = await NodesFixture.StartAsync(0);
        var node = await nodes.AddNodeAsync(new(Settings) { ["Gateway:Notify:Bus"] = "InProcess" });
        await nodes.Database.KeyExpireAsync("s-alice", Short);
        await using var first = await NotifyClient.JoinAsync(nodes.Address(0), "s-alice");
        await using var second = await NotifyClient.JoinAsync(nodes.Address(0), "s-alice");

        await Eventually.That(async () => await nodes.Database.KeyTimeToLiveAsync("s-alice") > Short, "the session lives on");
        await Eventually.That(() => Sockets(node).Count(socket => socket.IsLetIn) == 2, "both are let in");
        Assert.That((await NewestAsync(nodes, 0)).Count(one => one.OfUser), Is.EqualTo(1));
    }

    private static IEnumerable<NotifyConnection> Sockets(GatewayFixture node) => node.Services.GetRequiredService<OpenSockets>().All;

    /// <summary>What a node says of its open sockets, by session.</summary>
    private static async Task<(string Session, bool OfUser, bool OfSession)[]> NewestAsync(NodesFixture nodes, int node)
    {
        var sockets = Sockets(nodes.Nodes[node]).Where(socket => socket.Closing is null).ToArray();
        var newest = await nodes.Nodes[node].Services.GetRequiredService<IEventBus>().FindNewestAsync(sockets).DefaultTimeout();
        return [.. newest.Select(one => (one.Connection.SessionId, one.OfUser, one.OfSession)).OrderBy(one => one.SessionId)];
    }
}
