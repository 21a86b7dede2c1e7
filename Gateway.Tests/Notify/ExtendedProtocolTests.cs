using System.Net.WebSockets;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Frame = Gateway.Protocol.NotifyV2.ServerFrame.FrameOneofCase;

namespace Gateway.Tests.Notify;

/// <summary>What clients of gateway.notify.v2 get beyond the plain contract: nothing is lost across a reconnect, or they are told so.</summary>
[TestFixture]
internal sealed class ExtendedProtocolTests
{
    [Test]
    public async Task Join_IsWelcomed_AndEventsAreNumberedFromThere()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(alice.ConnectionId, Is.Not.Empty);
        Assert.That(alice.Epoch, Is.Not.Empty);
        Assert.That(alice.Sequence, Is.Zero);

        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        await hub.PublishAsync(["alice"], HubFixture.Removed("carol"));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("carol")));
    }

    [Test]
    public async Task PlainClient_BesideAnExtendedOne_GetsNothingButTheEvent()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var extended = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await using var plain = await hub.JoinAsync("alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await plain.ReceiveRawAsync(), Is.EqualTo(Google.Protobuf.MessageExtensions.ToByteArray(HubFixture.Removed("bob"))));
        await extended.ReceiveEventAsync();
    }

    [Test]
    public async Task Resume_AfterReconnect_BringsBackWhatWasMissed()
    {
        await using var hub = await HubFixture.StartAsync();
        var before = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("seen"));
        await before.ReceiveEventAsync();
        await before.DisposeAsync();
        await Eventually.That(() => hub.SocketsOf("alice") == 0);
        await hub.PublishAsync(["alice"], HubFixture.Removed("missed-1"));
        await hub.PublishAsync(["alice"], HubFixture.Removed("missed-2"));

        await using var after = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice", before);
        Assert.That(await after.ReceiveResumedAsync(), Is.True);
        Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("missed-1")));
        Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("missed-2")));
        await hub.PublishAsync(["alice"], HubFixture.Removed("live"));
        Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("live")));
    }

    [Test]
    public async Task Resume_WhenTheHistoryIsTooShort_SaysSo()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:ReplayEvents"] = "2" });
        var before = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await before.DisposeAsync();
        await Eventually.That(() => hub.SocketsOf("alice") == 0);
        for (var i = 0; i < 3; i++)
        {
            await hub.PublishAsync(["alice"], HubFixture.Removed($"{i}"));
        }

        await using var after = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice", before);
        Assert.That(await after.ReceiveResumedAsync(), Is.False);
        Assert.That(after.Sequence, Is.EqualTo(3));
    }

    [TestCase(0ul)]
    [TestCase(1ul)]
    [TestCase(2ul)]
    [TestCase(7ul)]
    public async Task Resume_OfAnotherEpoch_SaysSo(ulong sequence)
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("1"));
        await hub.PublishAsync(["alice"], HubFixture.Removed("2"));
        await alice.ReceiveEventAsync();
        await alice.ReceiveEventAsync();

        await alice.SendAsync(new ClientFrame { Resume = new Resume { Epoch = "of-long-ago", Sequence = sequence } });

        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
        Assert.That(alice.Sequence, Is.EqualTo(2));
        // Nothing is sent again: the next event is a new one.
        await hub.PublishAsync(["alice"], HubFixture.Removed("3"));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("3")));
    }

    [Test]
    public async Task Hello_ThatResumesAnotherEpoch_IsToldSo()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("1"));
        await alice.ReceiveEventAsync();

        await using var again = await ExtendedClient.OpenAsync(hub.WebSocketPort);
        await again.SendAsync(new ClientFrame { Hello = new Hello { SessionId = "s-alice", Resume = new Resume { Epoch = "of-long-ago", Sequence = 1 } } });

        await again.ReceiveAsync(Frame.Welcome);
        Assert.That(await again.ReceiveResumedAsync(), Is.False);
        Assert.That((again.Epoch, again.Sequence), Is.EqualTo((alice.Epoch, 1UL)));
    }

    [Test]
    public async Task Resume_FromBeyondTheNewest_SaysSo()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await alice.SendAsync(new ClientFrame { Resume = new Resume { Epoch = alice.Epoch, Sequence = ulong.MaxValue } });
        Assert.That(await alice.ReceiveResumedAsync(), Is.False);
    }

    [Test]
    public async Task Resume_WithinAConnection_SendsAgain()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        await alice.ReceiveEventAsync();
        await alice.SendAsync(new ClientFrame { Resume = new Resume { Epoch = alice.Epoch, Sequence = 0 } });
        Assert.That(await alice.ReceiveResumedAsync(), Is.True);
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task Hello_NamingItsPredecessor_TakesItsPlaceUnderEveryPolicy()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var dead = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await using var again = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice", dead);
        Assert.That(await dead.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        Assert.That(hub.SocketsOf("alice"), Is.EqualTo(1));
    }

    [Test]
    public async Task Heartbeat_CarriesTheNewestSequence()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:HeartbeatInterval"] = "00:00:01" });
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        await alice.ReceiveEventAsync();
        var heartbeat = (await alice.ReceiveAsync(Frame.Heartbeat)).Heartbeat;
        Assert.That((heartbeat.Epoch, heartbeat.Sequence), Is.EqualTo((alice.Epoch, 1UL)));
    }

    [Test]
    public async Task SessionThatEnds_IsToldAndAFreshOneGoesOnWithoutAGap()
    {
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:SessionCheckInterval"] = "00:00:01",
            ["Gateway:Notify:ReauthenticationTimeout"] = "00:01:00",
        });
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        hub.Sessions.Remove("s-alice");
        Assert.That((await alice.ReceiveAsync(Frame.SessionExpired)).SessionExpired.DeadlineMs, Is.EqualTo(60_000));
        await hub.PublishAsync(["alice"], HubFixture.Removed("held-back"));

        hub.Sessions.Set("s-alice-fresh", "alice");
        await alice.SendAsync(new ClientFrame { Authenticate = new Authenticate { SessionId = "s-alice-fresh" } });
        await alice.ReceiveAsync(Frame.Authenticated);
        Assert.That(await alice.ReceiveResumedAsync(), Is.True);
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("held-back")));
    }

    [Test]
    public async Task SessionThatEnds_WithoutAFreshOne_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:SessionCheckInterval"] = "00:00:01",
            ["Gateway:Notify:ReauthenticationTimeout"] = "00:00:00.100",
        });
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        hub.Sessions.Remove("s-alice");
        await alice.ReceiveAsync(Frame.SessionExpired);
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
    }

    [Test]
    public async Task Authenticate_AsSomebodyElse_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await alice.SendAsync(new ClientFrame { Authenticate = new Authenticate { SessionId = "s-bob" } });
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((4401, "session-invalid")));
    }

    [Test]
    public async Task FirstFrame_ThatIsNoHello_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await ExtendedClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync(new ClientFrame { Resume = new Resume() });
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4400, "malformed-authentication")));
    }

    [Test]
    public async Task Text_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await ExtendedClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1003, "not-binary")));
    }

    [Test]
    public async Task Shutdown_IsAnnouncedAndNothingQueuedIsLost()
    {
        var hub = await HubFixture.StartAsync();
        await using var alice = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        for (var i = 0; i < 100; i++)
        {
            await hub.PublishAsync(["alice"], HubFixture.Removed($"{i}"));
        }

        var stopping = hub.DisposeAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed($"{i}")));
        }

        var drain = (await alice.ReceiveAsync(Frame.Drain)).Drain;
        Assert.That((drain.ReconnectDelayMs, drain.JitterMs), Is.EqualTo((500u, 5000u)));
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((1001, "going-away")));
        await stopping;
    }

    [Test]
    public async Task Disconnect_OfOneSession_LeavesTheOthers()
    {
        await using var hub = await HubFixture.StartAsync();
        hub.Sessions.Set("s-alice-2", "alice");
        await using var first = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await using var second = await hub.JoinAsync("alice", session: "s-alice-2");
        await hub.Hub.DisconnectAsync("alice", "s-alice", CancellationToken.None);
        Assert.That(await first.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await second.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }
}
