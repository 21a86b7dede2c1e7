using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Notify;

/// <summary>Events go past the WebSocket straight to the connection, among the frames that it writes there itself.</summary>
[TestFixture]
internal sealed class DirectWriteTests
{
    private const int SessionEnded = 4440;

    private HubFixture _hub = null!;

    [SetUp]
    public async Task StartAsync() => _hub = await HubFixture.StartAsync(new()
    {
        ["Gateway:Notify:MaxQueuedEvents"] = "100000",
        ["Gateway:Notify:MaxQueuedBytes"] = $"{1 << 30}",
    });

    [TearDown]
    public async Task StopAsync()
    {
        _hub.Log.AssertNoErrors();
        await _hub.DisposeAsync();
    }

    /// <param name="count">How many events, and pings.</param>
    /// <param name="length">Of each event. The larger ones are more than the system holds for a client that has not begun to read.</param>
    [TestCase(500, 10)]
    [TestCase(500, 64 << 10)]
    public async Task Events_AmongPongs_ArriveWholeAndInOrder(int count, int length)
    {
        using var socket = await JoinAsync();

        await Task.WhenAll(Task.Run(PingAsync), Task.Run(PublishAsync)).WaitAsync(TimeSpan.FromSeconds(30));

        var (events, pongs) = (0, 0);
        while (events < count || pongs < count)
        {
            var (head, payload) = await socket.ReadAsync();
            if (head == (RawSocket.Fin | RawSocket.Pong))
            {
                Assert.That(payload, Is.EqualTo(BitConverter.GetBytes(pongs++)));
            }
            else
            {
                Assert.That(head, Is.EqualTo(RawSocket.Fin | RawSocket.Binary));
                Assert.That(NotifyMessage.Parser.ParseFrom(payload), Is.EqualTo(Event(events++)));
            }
        }

        async Task PingAsync()
        {
            for (var i = 0; i < count; i++)
            {
                await socket.SendAsync(RawSocket.Fin | RawSocket.Ping, BitConverter.GetBytes(i));
            }
        }

        async Task PublishAsync()
        {
            for (var i = 0; i < count; i++)
            {
                await _hub.PublishAsync(["alice"], Event(i));
            }
        }

        NotifyMessage Event(int number) => HubFixture.Removed($"{number} {new string((char)('a' + (number % 26)), length)}");
    }

    [Test]
    public async Task Close_WhileAnEventIsUnderWay_ComesBehindAllOfIt()
    {
        var large = HubFixture.Removed(new string('x', 32 << 20));
        using var socket = await JoinAsync();
        await _hub.PublishAsync(["alice"], large);
        var (head, length) = await socket.ReadHeadAsync();

        await _hub.Hub.DisconnectAsync("alice", sessionId: null, CancellationToken.None);

        Assert.That(head, Is.EqualTo(RawSocket.Fin | RawSocket.Binary));
        Assert.That(NotifyMessage.Parser.ParseFrom(await socket.ReadPayloadAsync(length)), Is.EqualTo(large));
        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(SessionEnded));
    }

    [Test]
    public async Task ExtendedEvents_AreOneFrameEach()
    {
        using var socket = await RawSocket.OpenAsync(_hub.WebSocketPort, "gateway.notify.v2");
        await socket.SendAsync(RawSocket.Fin | RawSocket.Binary, new ClientFrame { Hello = new Hello { SessionId = "s-alice" } }.ToByteArray());
        Assert.That((await ReadAsync()).Welcome, Is.Not.Null);

        for (var i = 1; i <= 3; i++)
        {
            await _hub.PublishAsync(["alice"], HubFixture.Removed($"{i}"));
            Assert.That((await ReadAsync()).Event, Is.EqualTo(new Event { Sequence = (ulong)i, Notify = HubFixture.Removed($"{i}") }));
        }

        async Task<ServerFrame> ReadAsync()
        {
            var (head, payload) = await socket.ReadAsync();
            Assert.That(head, Is.EqualTo(RawSocket.Fin | RawSocket.Binary));
            return ServerFrame.Parser.ParseFrom(payload);
        }
    }

    private async Task<RawSocket> JoinAsync()
    {
        var socket = await RawSocket.OpenAsync(_hub.WebSocketPort);
        await socket.JoinAsync("s-alice");
        await Eventually.That(() => _hub.SocketsOf("alice") == 1);
        return socket;
    }
}
