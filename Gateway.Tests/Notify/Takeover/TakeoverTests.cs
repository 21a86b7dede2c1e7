using System.Text;
using Gateway.Notify.Takeover;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify.Takeover;

/// <summary>Sockets that go on upon the bare connection, once their request has ended.</summary>
[TestFixture]
internal sealed class TakeoverTests
{
    [Test]
    public async Task Socket_OfTheWebSocketPort_HoldsNoRequest()
    {
        var requests = new RunningRequests();
        await using var hub = await HubFixture.StartAsync(configure: builder => builder.Services.AddSingleton<IStartupFilter>(requests));
        await using var held = await hub.JoinAsync("alice", hub.HttpPort);
        await using var free = await hub.JoinAsync("bob", hub.WebSocketPort);

        await Eventually.That(() => requests.Count == 1, "only the socket of the HTTP port has its request still");
        await hub.PublishAsync(["alice", "bob"], HubFixture.Removed("carol"));
        Assert.That(await held.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("carol")));
        Assert.That(await free.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("carol")));
    }

    [Test]
    public async Task FirstMessage_SentWithTheHandshake_IsRead()
    {
        await using var hub = await HubFixture.StartAsync();
        using var client = await RawClient.ConnectAsync(hub.WebSocketPort);

        await client.SendAsync((byte[])[.. Handshake(hub.WebSocketPort), .. Greeting("s-alice")]);

        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        await Eventually.That(() => hub.SocketsOf("alice") == 1);
    }

    [Test]
    public async Task Handshake_BehindOtherRequestsOfItsConnection_MakesASocket()
    {
        await using var hub = await HubFixture.StartAsync();
        using var client = await RawClient.ConnectAsync(hub.WebSocketPort);
        for (var request = 0; request < 2; request++)
        {
            await client.SendAsync($"GET /ws HTTP/1.1\r\nHost: {hub.WebSocketPort.Authority}\r\n\r\n");
            Assert.That((await client.ReadAsync()).Status, Is.EqualTo(426));
        }

        await client.SendAsync(Handshake(hub.WebSocketPort));
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        await client.SendAsync(Greeting("s-alice"));

        await Eventually.That(() => hub.SocketsOf("alice") == 1);
    }

    [Test]
    public async Task Request_BehindTheHandshake_IsNoRequest()
    {
        await using var hub = await HubFixture.StartAsync();
        using var client = await RawClient.ConnectAsync(hub.WebSocketPort);

        await client.SendAsync(Handshake(hub.WebSocketPort));
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: gateway\r\n\r\n");

        // G is 0x47: a frame with reserved bits.
        Assert.That(async () => await client.ReadAsync(), Throws.Exception, "no second answer comes, the connection is cut");
    }

    [Test]
    public async Task Socket_ThatHasEnded_GivesItsPlaceUp()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:MaxConnections"] = "1" });
        for (var turn = 0; turn < 3; turn++)
        {
            await using var client = await hub.JoinAsync("alice", hub.WebSocketPort);
            Assert.That(async () => await NotifyClient.OpenAsync(hub.WebSocketPort), Throws.Exception.With.Message.Contains("503"));
            await client.CloseAsync();
            await Eventually.That(() => hub.SocketsOf("alice") == 0);
        }
    }

    [Test]
    public void Heartbeat_AfterItsStop_TellsNobody()
    {
        var server = new ServerHeartbeat();
        var sut = new HttpHeartbeat(server);
        var beats = 0;
        sut.OnHeartbeat(_ => beats++, this);
        server.Beat();

        sut.Stop();
        server.Beat();

        Assert.That(beats, Is.EqualTo(1));
    }

    [Test]
    public void Heartbeat_OfTwo_IsRefused()
    {
        var sut = new HttpHeartbeat(new ServerHeartbeat());
        sut.OnHeartbeat(_ => { }, this);

        Assert.That(() => sut.OnHeartbeat(_ => { }, this), Throws.InvalidOperationException);
    }

    private static byte[] Handshake(Uri address) => Encoding.ASCII.GetBytes(
        $"GET /ws HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");

    private static byte[] Greeting(string session) =>
        RawSocket.Frame(RawSocket.Fin | RawSocket.Binary, new ClientAuthenticationReq { SessionId = session }.ToByteArray());

    /// <summary>Counts the requests that have begun and not ended.</summary>
    private sealed class RunningRequests : IStartupFilter
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                Interlocked.Increment(ref _count);
                try
                {
                    await rest(context);
                }
                finally
                {
                    Interlocked.Decrement(ref _count);
                }
            });
            next(app);
        };
    }

    private sealed class ServerHeartbeat : IConnectionHeartbeatFeature
    {
        private Action _beat = () => { };

        public void OnHeartbeat(Action<object> action, object state) => _beat = () => action(state);

        public void Beat() => _beat();
    }
}
