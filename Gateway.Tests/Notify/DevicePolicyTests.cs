using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

/// <summary>How many devices of a user are served, and who makes room for whom.</summary>
[TestFixture]
internal sealed class DevicePolicyTests
{
    [Test]
    public async Task All_SameSessionTwice_ServesBoth()
    {
        await using var hub = await StartAsync("All");
        await using var first = await hub.JoinAsync("alice");
        await using var second = await hub.JoinAsync("alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await first.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That(await second.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task OnePerUser_SecondDevice_ReplacesTheFirst()
    {
        await using var hub = await StartAsync("OnePerUser");
        await using var first = await hub.JoinAsync("alice");
        await using var second = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice-2");
        Assert.That(await first.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        await AssertOnlyAsync(hub, second);
    }

    [Test]
    public async Task KickOldest_OneTooMany_ReplacesTheOldest()
    {
        await using var hub = await StartAsync("KickOldest");
        await using var first = await hub.JoinAsync("alice");
        await using var second = await hub.JoinAsync("alice", session: "s-alice-2");
        await using var third = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice-3");
        Assert.That(await first.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        await Eventually.That(() => hub.SocketsOf("alice") == 2);
    }

    [Test]
    public async Task KickOldest_SameSessionAgain_ReplacesItsPredecessorAndNoOtherDevice()
    {
        await using var hub = await StartAsync("KickOldest");
        await using var other = await hub.JoinAsync("alice", session: "s-alice-2");
        await using var before = await hub.JoinAsync("alice");
        await using var again = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(await before.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await other.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That(await again.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task RejectNew_OneTooMany_IsRefusedAndTheOthersStay()
    {
        await using var hub = await StartAsync("RejectNew");
        await using var first = await hub.JoinAsync("alice");
        await using var second = await hub.JoinAsync("alice", session: "s-alice-2");
        await using var third = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice-3");
        Assert.That(await third.ReceiveCloseAsync(), Is.EqualTo((4429, "too-many-connections")));
        Assert.That(hub.SocketsOf("alice"), Is.EqualTo(2));
    }

    [Test]
    public async Task RejectNew_SameSessionAgain_TakesItsPredecessorsPlace()
    {
        await using var hub = await StartAsync("RejectNew");
        await using var first = await hub.JoinAsync("alice");
        await using var second = await hub.JoinAsync("alice", session: "s-alice-2");
        await using var again = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(await first.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        Assert.That(hub.SocketsOf("alice"), Is.EqualTo(2));
    }

    [Test]
    public async Task All_AboveTheHardLimit_IsRefused()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:MaxConnectionsPerUser"] = "1" });
        await using var first = await hub.JoinAsync("alice");
        await using var second = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(await second.ReceiveCloseAsync(), Is.EqualTo((4429, "too-many-connections")));
    }

    private static async Task<HubFixture> StartAsync(string policy)
    {
        var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:Devices"] = policy, ["Gateway:Notify:MaxDevices"] = "2" });
        hub.Sessions.Set("s-alice-2", "alice");
        hub.Sessions.Set("s-alice-3", "alice");
        return hub;
    }

    private static async Task AssertOnlyAsync(HubFixture hub, NotifyClient client)
    {
        Assert.That(hub.SocketsOf("alice"), Is.EqualTo(1));
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }
}
