using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

/// <summary>Two or three gateways joined by Redis do what one does.</summary>
[TestFixture]
[Servers]
internal sealed class NodesTests
{
    [Test]
    public async Task Publish_OnOneNode_ReachesTheSocketsOfAll_OnceEach()
    {
        await using var nodes = await NodesFixture.StartAsync(3);
        await using var phone = await nodes.JoinAsync(0, "alice");
        await using var desk = await nodes.JoinAsync(1, "alice");
        await using var web = await nodes.JoinExtendedAsync(2, "alice");
        await using var bob = await nodes.JoinAsync(1, "bob");

        await nodes.PublishAsync(2, ["alice", "nobody"], HubFixture.Removed("1"));
        await nodes.PublishAsync(0, ["alice", "bob"], HubFixture.Removed("2"));

        foreach (var device in new[] { phone, desk })
        {
            Assert.That(await device.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
            Assert.That(await device.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
        }

        Assert.That((await web.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
        Assert.That((await web.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("2")));
        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("2")));
    }

    [Test]
    public async Task Publish_FromFiftySendersOnTwoNodes_ArrivesOnceAndInTheSameOrderOnEveryDevice()
    {
        const int Senders = 50, Each = 20;
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Notify:MaxQueuedEvents"] = "100000" });
        await using var phone = await nodes.JoinAsync(0, "alice");
        await using var desk = await nodes.JoinAsync(1, "alice");
        await using var web = await nodes.JoinExtendedAsync(1, "alice");

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await nodes.PublishAsync(sender % 2, ["alice"], HubFixture.Removed($"{(sender * 1000) + i}"));
            }
        })));

        List<int> onPhone = [], onDesk = [], onWeb = [];
        for (var i = 0; i < Senders * Each; i++)
        {
            onPhone.Add(int.Parse((await phone.ReceiveAsync()).FriendRemove.UserId));
            onDesk.Add(int.Parse((await desk.ReceiveAsync()).FriendRemove.UserId));
            onWeb.Add(int.Parse((await web.ReceiveEventAsync()).Notify.FriendRemove.UserId));
        }

        Assert.That(onDesk, Is.EqualTo(onPhone), "The devices saw different orders");
        Assert.That(onWeb, Is.EqualTo(onPhone), "The devices saw different orders");
        Assert.That(onPhone, Is.Unique);
        foreach (var bySender in onPhone.GroupBy(number => number / 1000))
        {
            Assert.That(bySender, Is.Ordered, "One sender's events were mixed up");
            Assert.That(bySender.Count(), Is.EqualTo(Each), "Events were lost");
        }
    }

    [Test]
    public async Task Event_TooLargeToSendAlong_ArrivesLive_AndIsReplayed()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var alice = await nodes.JoinExtendedAsync(1, "alice");
        var large = HubFixture.Removed(new string('x', 3 << 20));
        await nodes.PublishAsync(0, ["alice"], large);
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(large));

        await using var again = await nodes.JoinExtendedAsync(0, "alice", await BeforeFirstAsync(nodes, "alice"));
        Assert.That(await again.ReceiveResumedAsync(), Is.True);
        Assert.That((await again.ReceiveEventAsync()).Notify, Is.EqualTo(large));
    }

    [Test]
    public async Task Resume_OnAnotherNode_BringsBackWhatWasMissed()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        var before = await nodes.JoinExtendedAsync(0, "alice");
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("seen"));
        await before.ReceiveEventAsync();
        await before.DisposeAsync();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0);
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("missed"));

        await using var after = await nodes.JoinExtendedAsync(1, "alice", before);
        Assert.That(await after.ReceiveResumedAsync(), Is.True);
        Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("missed")));
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("live"));
        Assert.That((await after.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("live")));
    }

    [Test]
    public async Task Resume_OfAnotherEpochButASequenceThatExists_SaysSo()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var alice = await nodes.JoinExtendedAsync(0, "alice");
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("1"));
        await nodes.PublishAsync(1, ["alice"], HubFixture.Removed("2"));
        await alice.ReceiveEventAsync();
        await alice.ReceiveEventAsync();

        foreach (var sequence in new ulong[] { 0, 1, 2 })
        {
            await alice.SendAsync(new ClientFrame { Resume = new Resume { Epoch = "of-long-ago", Sequence = sequence } });
            Assert.That(await alice.ReceiveResumedAsync(), Is.False, $"From {sequence}");
            Assert.That(alice.Sequence, Is.EqualTo(2));
        }

        // The same of a connection that begins with it, on a node that has seen none of the events.
        await using var again = await ExtendedClient.OpenAsync(nodes.Address(1));
        await again.SendAsync(new ClientFrame { Hello = new Hello { SessionId = "s-alice", Resume = new Resume { Epoch = "of-long-ago", Sequence = 1 } } });
        await again.ReceiveAsync(ServerFrame.FrameOneofCase.Welcome);
        Assert.That(await again.ReceiveResumedAsync(), Is.False);
        Assert.That((again.Epoch, again.Sequence), Is.EqualTo((alice.Epoch, 2UL)));

        // Nothing is sent again: the next event is a new one.
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("3"));
        Assert.That((await alice.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("3")));
        Assert.That((await again.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("3")));
    }

    [Test]
    public async Task Predecessor_OnAnotherNode_MakesRoom()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var dead = await nodes.JoinExtendedAsync(0, "alice");
        await using var again = await nodes.JoinExtendedAsync(1, "alice", dead);
        Assert.That(await dead.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        Assert.That((await nodes.SocketsOfAsync("alice")).Select(socket => socket.ConnectionId), Is.EqualTo(new[] { again.ConnectionId }));
    }

    [TestCase("OnePerUser", 1)]
    [TestCase("KickOldest", 2)]
    [TestCase("RejectNew", 2)]
    public async Task DevicePolicy_RacedFromTwoNodes_HoldsForAllTogether(string policy, int most)
    {
        await using var nodes = await NodesFixture.StartAsync(
            2, new() { ["Gateway:Notify:Devices"] = policy, ["Gateway:Notify:MaxDevices"] = "2" });
        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            await nodes.LogInAsync($"s-alice-{i}", "alice");
            return await NotifyClient.JoinAsync(nodes.Address(i % 2), $"s-alice-{i}");
        }));

        // Whoever is not closed is told the event; so the closed ones are those that end without it.
        await Eventually.That(async () =>
        {
            var sockets = await nodes.SocketsOfAsync("alice");
            return sockets.Count == most && Open(nodes) == most;
        });
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("bob"));
        var told = 0;
        foreach (var client in clients)
        {
            if (await client.TryReceiveAsync() is { } message)
            {
                Assert.That(message, Is.EqualTo(HubFixture.Removed("bob")));
                told++;
            }
            else
            {
                Assert.That(client.CloseCode, Is.EqualTo(policy == "RejectNew" ? 4429 : 4409));
            }

            await client.DisposeAsync();
        }

        Assert.That(told, Is.EqualTo(most));
    }

    [Test]
    public async Task Disconnect_AskedOfOneNode_ClosesTheSocketsOfAll()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var here = await nodes.JoinAsync(0, "alice");
        await using var there = await nodes.JoinAsync(1, "alice");
        await nodes.Hub(0).DisconnectAsync("alice", null, CancellationToken.None);
        Assert.That(await here.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
        Assert.That(await there.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
    }

    [Test]
    public async Task Presence_NamesEverySocketAndItsNode()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var plain = await nodes.JoinAsync(0, "alice");
        await using var extended = await nodes.JoinExtendedAsync(1, "alice");
        var sockets = await nodes.SocketsOfAsync("alice");
        Assert.That(sockets.Select(socket => socket.IsExtended), Is.EquivalentTo(new[] { false, true }));
        Assert.That(sockets.Select(socket => socket.Node), Is.Unique);
        Assert.That(sockets.Single(socket => socket.IsExtended).ConnectionId, Is.EqualTo(extended.ConnectionId));
    }

    [Test]
    public async Task OnlineMarker_StaysWhileASocketIsLeftAnywhere_AndGoesWithTheLast()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:01" });
        var phone = await nodes.JoinAsync(0, "alice");
        await using var desk = await nodes.JoinAsync(1, "alice");
        var bob = await nodes.JoinAsync(0, "bob");
        await phone.CloseAsync();
        // Bob leaves after alice's phone did: once his marker is gone, hers would be too, had the phone been taken for the last.
        await bob.CloseAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);

        await desk.CloseAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("alice"));
        Assert.That(await nodes.Database.KeyExistsAsync("s-alice"), Is.True, "The session stays, so that a reload stays logged in");
    }

    [Test]
    public async Task OnlineMarker_OfAUserWhoComesBackInTime_Stays()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:02" });
        var alice = await nodes.JoinAsync(0, "alice");
        var bob = await nodes.JoinAsync(0, "bob");
        await alice.DisposeAsync();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0);
        await using var back = await nodes.JoinAsync(1, "alice");
        await bob.CloseAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
    }

    [Test]
    public async Task OnlineMarker_OfAUserWhoClosesInOrder_IsGoneWhenTheCloseIsAnswered_OnTheLastNode()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var phone = await nodes.JoinAsync(0, "alice");
        await using var desk = await nodes.JoinAsync(1, "alice");
        await desk.CloseAsync();
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True, "The phone is there");
        await phone.CloseAsync();
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.False);
        Assert.That(await nodes.CountAsync("departures"), Is.Zero, "Nobody sees to her again");

        // The marker of a new login is nobody's to remove.
        await nodes.LogInAsync("s-alice-2", "alice");
        await (await nodes.JoinAsync(1, "bob")).CloseAsync();
        Assert.That(await nodes.Database.KeyExistsAsync("bob"), Is.False);
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
    }

    /// <summary>The old socket ends because of the new login, and the marker is that one's.</summary>
    [Test]
    public async Task OnlineMarker_OfAUserWhoIsKickedByHisOwnNewLogin_Stays_AndGoesWithThatOne()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Notify:Devices"] = "OnePerUser", ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00" });
        await using var before = await nodes.JoinAsync(0, "alice");
        await nodes.LogInAsync("s-alice-2", "alice");
        await using var after = await NotifyClient.JoinAsync(nodes.Address(1), "s-alice-2");
        Assert.That(await before.ReceiveCloseAsync(), Is.EqualTo((4409, "replaced-by-other-device")));
        await Eventually.That(() => Open(nodes) == 1, "the old socket has gone");
        // Whoever breaks is seen to by the loop that would have seen to her.
        await (await nodes.JoinAsync(0, "bob")).DisposeAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
        await after.CloseAsync();
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.False);
    }

    [Test]
    public async Task OnlineMarker_WithCloseGrace_OutlastsAPageThatIsLoadedAgain()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:CloseGrace"] = "00:00:02" });
        await (await nodes.JoinAsync(0, "alice")).CloseAsync();
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
        await using var back = await nodes.JoinAsync(0, "alice");
        await (await nodes.JoinAsync(0, "bob")).CloseAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("bob"));
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
    }

    [Test]
    public async Task LastDisconnect_Logout_EndsTheSessionsOfTheUsersSockets()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new()
        {
            ["Gateway:Notify:OnLastDisconnect"] = "Logout",
            ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00.100",
        });
        await nodes.LogInAsync("s-alice-2", "alice");
        var phone = await nodes.JoinAsync(0, "alice");
        var desk = await nodes.JoinAsync(0, "alice", "s-alice-2");
        await phone.CloseAsync();
        await desk.CloseAsync();
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("alice"));
        Assert.That(await nodes.Database.KeyExistsAsync(["s-alice", "s-alice-2"]), Is.Zero);
    }

    [Test]
    public async Task LastDisconnect_Keep_TouchesNothing()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new()
        {
            ["Gateway:Notify:OnLastDisconnect"] = "Keep",
            ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00.100",
        });
        await (await nodes.JoinAsync(0, "alice")).CloseAsync();
        await Eventually.That(async () => await nodes.CountAsync("departures") == 0
            && (await nodes.SocketsOfAsync("alice")).Count == 0);
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
    }

    [Test]
    public async Task Publish_WhoseCallerHasGone_IsNoOutage_AndReachesEverybody()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        await using var there = await nodes.JoinExtendedAsync(1, "alice");
        await nodes.Hub(0).PublishAsync(["alice"], HubFixture.Removed("1"), new CancellationToken(canceled: true));
        Assert.That((await there.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
        Assert.That(nodes.Hub(0).IsDegraded, Is.False);
        Assert.That(nodes.Nodes[0].Log.Named("HubDegraded"), Is.Empty);
    }

    private static int Open(NodesFixture nodes) => nodes.Nodes.Sum(node => node.OpenSockets());

    /// <summary>A client that knows the epoch and has dealt with nothing.</summary>
    private static async Task<ExtendedClient> BeforeFirstAsync(NodesFixture nodes, string user)
    {
        var client = await nodes.JoinExtendedAsync(0, user);
        client.Rewind();
        await client.DisposeAsync();
        return client;
    }
}
