using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

/// <summary>Every event once, in order, on every device of the right user; and one client's slowness is its own.</summary>
[TestFixture]
internal sealed class DeliveryTests
{
    [Test]
    public async Task Publish_ToAUserWithManyDevices_ReachesEachOnceAndNobodyElse()
    {
        await using var hub = await HubFixture.StartAsync();
        hub.Sessions.Set("s-alice-2", "alice");
        await using var phone = await hub.JoinAsync("alice");
        await using var desk = await hub.JoinAsync("alice", session: "s-alice-2");
        await using var bob = await hub.JoinAsync("bob");

        await hub.PublishAsync(["alice", "nobody"], Numbered(1));
        await hub.PublishAsync(["alice", "bob"], Numbered(2));

        Assert.That(new[] { await phone.ReceiveAsync(), await phone.ReceiveAsync() }, Is.EqualTo(new[] { Numbered(1), Numbered(2) }));
        Assert.That(new[] { await desk.ReceiveAsync(), await desk.ReceiveAsync() }, Is.EqualTo(new[] { Numbered(1), Numbered(2) }));
        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(Numbered(2)));
    }

    [Test]
    public async Task Publish_FromFiftySendersAtOnce_ArrivesOnceAndInTheSameOrderEverywhere()
    {
        const int Senders = 50, Each = 40;
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:MaxQueuedEvents"] = "100000" });
        await using var phone = await hub.JoinAsync("alice");
        await using var desk = await hub.JoinAsync("alice");

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await hub.PublishAsync(["alice"], Numbered((sender * 1000) + i));
            }
        })));

        var onPhone = new List<long>();
        var onDesk = new List<long>();
        for (var i = 0; i < Senders * Each; i++)
        {
            onPhone.Add(NumberOf(await phone.ReceiveAsync()));
            onDesk.Add(NumberOf(await desk.ReceiveAsync()));
        }

        Assert.That(onDesk, Is.EqualTo(onPhone), "The devices saw different orders");
        Assert.That(onPhone, Is.Unique);
        foreach (var bySender in onPhone.GroupBy(number => number / 1000))
        {
            Assert.That(bySender, Is.Ordered, "One sender's events were mixed up");
            Assert.That(bySender.Count(), Is.EqualTo(Each), "Events were lost");
        }
    }

    [Test]
    public async Task Publish_ToAClientThatNeverReads_ClosesItAndServesTheOthers()
    {
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:MaxQueuedEvents"] = "4",
            // So long that only the full queue can be the reason.
            ["Gateway:Notify:WriteTimeout"] = "00:01:00",
            ["Gateway:Notify:CloseTimeout"] = "00:00:00.200",
        });
        using var deaf = await DeafClient.JoinAsync(hub.WebSocketPort, "s-bob");
        await Eventually.That(() => hub.SocketsOf("bob") == 1);
        await using var alice = await hub.JoinAsync("alice");

        var big = new NotifyMessage { NotifyEventId = new string('x', 1 << 20) };
        await Eventually.That(() =>
        {
            _ = hub.PublishAsync(["bob"], big);
            return hub.SocketsOf("bob") == 0;
        });

        await Eventually.That(() => hub.Log.Named("SocketClosed").Count == 1);
        Assert.That(hub.Log.Named("SocketClosed").Single().Message, Is.EqualTo("Socket of user 'bob' closed: 4450 slow-consumer"));
        await hub.PublishAsync(["alice"], Numbered(7));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Numbered(7)));
    }

    [Test]
    public async Task Write_ThatIsNotAcceptedInTime_ClosesTheSocket()
    {
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:WriteTimeout"] = "00:00:00.200",
            ["Gateway:Notify:CloseTimeout"] = "00:00:00.200",
            ["Gateway:Notify:MaxQueuedBytes"] = (1 << 30).ToString(),
        });
        using var deaf = await DeafClient.JoinAsync(hub.WebSocketPort, "s-bob");
        await Eventually.That(() => hub.SocketsOf("bob") == 1);
        await hub.PublishAsync(["bob"], new NotifyMessage { NotifyEventId = new string('x', 64 << 20) });
        await Eventually.That(() => hub.SocketsOf("bob") == 0);
    }

    private static NotifyMessage Numbered(long number) => new()
    {
        NotifyType = NotifyType.ChatMessageNotify,
        NewMessageInfo = new NotifyNewMessage { MessageInfo = new MessageInfo { Timestamp = number } },
    };

    private static long NumberOf(NotifyMessage message) => message.NewMessageInfo.MessageInfo.Timestamp;
}
