using System.Net;
using System.Net.WebSockets;
using Gateway.Notify.Connections;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify;

/// <summary>Who gets a socket, and what those who do not are told.</summary>
[TestFixture]
internal sealed class EndpointTests
{
    private static readonly byte[] Greeting = new ClientAuthenticationReq { RequestId = "r", SessionId = "s-alice" }.ToByteArray();

    [Test]
    public async Task Join_OnEveryAddress_IsToldEvents()
    {
        await using var hub = await HubFixture.StartAsync();
        foreach (var address in new[] { hub.HttpPort, hub.WebSocketPort, hub.WebSocketPortRoot })
        {
            await using var client = await hub.JoinAsync("alice", address);
            await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
            Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")), address.ToString());
            await client.CloseAsync();
            await Eventually.That(() => hub.SocketsOf("alice") == 0);
        }
    }

    [Test]
    public async Task Join_OnOneSharedPort_WorksForRequestsAndBothPaths()
    {
        var port = LoopbackPort.Free().ToString();
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Listen:HttpPort"] = port, ["Gateway:Listen:WebSocketPort"] = port });
        Assert.That(hub.Gateway.Urls, Has.Count.EqualTo(2), "The shared port and the management port");
        await using var web = await hub.JoinAsync("alice", HubFixture.WebSocketUri(hub.Gateway.Urls[0], "/"));
        await using var desktop = await hub.JoinAsync("bob", HubFixture.WebSocketUri(hub.Gateway.Urls[0], "/ws"));
        using var reply = await hub.Gateway.PostAsync("/service/user/get_user_info", []);
        Assert.That(GatewayFixture.ErrorCode(reply), Is.EqualTo("session-invalid"));
    }

    [Test]
    public async Task Join_SessionInAnotherField_IsToldEvents()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:SessionIdField"] = "4.3" });
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync([0x12, 5, .. "s-bob"u8, 0x22, 9, 0x1A, 7, .. "s-alice"u8]);
        await Eventually.That(() => hub.SocketsOf("alice") == 1, "the client has not been let in");

        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));

        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task Root_OnTheHttpPort_IsNotFound()
    {
        await using var hub = await HubFixture.StartAsync();
        using var reply = await hub.Gateway.Client.GetAsync("/");
        Assert.That(reply.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Get_WithoutUpgrade_AsksForOne()
    {
        await using var hub = await HubFixture.StartAsync();
        using var reply = await hub.Gateway.Client.GetAsync("/ws");
        Assert.That((int)reply.StatusCode, Is.EqualTo(426));
    }

    [TestCase("s-nobody", 4401)]
    [TestCase("", 4401)]
    [TestCase("s:alice", 4401)]
    public async Task Join_WithoutValidSession_IsClosed(string session, int code)
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await NotifyClient.JoinAsync(hub.WebSocketPort, session);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((code, "session-invalid")));
    }

    [Test]
    public async Task Join_SessionStoreDown_IsClosedAndMayComeBack()
    {
        await using var hub = await HubFixture.StartAsync(configure: builder =>
            builder.Services.AddSingleton<ISessionAuthenticator>(new StubSessions { Verdict = new SessionVerdict(null, StoreAnswered: false) }));
        await using var client = await NotifyClient.JoinAsync(hub.WebSocketPort, "s-alice");
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4503, "session-store-down")));
    }

    [Test]
    public async Task FirstMessage_Text_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync(Greeting, WebSocketMessageType.Text);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1003, "not-binary")));
    }

    [Test]
    public async Task FirstMessage_NoProtobuf_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync([0xFF, 0xFF, 0xFF]);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4400, "malformed-authentication")));
    }

    [Test]
    public async Task FirstMessage_TooBig_IsClosed()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        await client.SendAsync(new byte[(64 << 10) + 1]);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1009, "message-too-big")));
    }

    [Test]
    public async Task FirstMessage_JustWithinTheLimit_IsRead()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        var padded = new ClientAuthenticationReq { SessionId = "s-alice" };
        padded.RequestId = new string('x', (64 << 10) - padded.CalculateSize() - 4);
        Assert.That(padded.CalculateSize(), Is.EqualTo(64 << 10));
        await client.SendAsync(padded.ToByteArray());
        await Eventually.That(() => hub.SocketsOf("alice") == 1);
    }

    [Test]
    public async Task FirstMessage_NeverSent_IsClosedAfterTheTimeout()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:AuthenticationTimeout"] = "00:00:00.200" });
        await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort);
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4408, "authentication-timeout")));
    }

    [Test]
    public async Task ClientsLetIn_OutliveTheTimeForShowingASession()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:AuthenticationTimeout"] = "00:00:02" });
        await using var plain = await hub.JoinAsync("alice");
        await using var extended = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await using var silent = await NotifyClient.OpenAsync(hub.WebSocketPort);

        // The last to come, so the time of the others is over as well.
        Assert.That(await silent.ReceiveCloseAsync(), Is.EqualTo((4408, "authentication-timeout")));

        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await plain.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That((await extended.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That(hub.Log.Named("SocketClosed"), Has.Count.LessThanOrEqualTo(1));
    }

    [Test]
    public async Task LaterMessages_WithinTheRate_AreNotAnswered()
    {
        await using var hub = await HubFixture.StartAsync();
        await using var client = await hub.JoinAsync("alice");
        await client.SendAsync(Greeting);
        await client.SendAsync([1, 2, 3]);
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task LaterMessages_AboveTheRate_CloseTheSocket()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:MaxInboundRate"] = "3" });
        await using var client = await hub.JoinAsync("alice");
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(Greeting);
        }

        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4430, "too-many-messages")));
    }

    [TestCase(null, "http://evil.example", false)]
    [TestCase(null, "http://127.0.0.1:5173", true)]
    [TestCase("https://chat.example", "https://chat.example", true)]
    [TestCase("https://chat.example", "https://chat.example.evil.example", false)]
    [TestCase("https://chat.example", "null", false)]
    [TestCase("null", "null", true)]
    [TestCase(null, "null", false)]
    [TestCase("https://чат.рф", "https://xn--80a0bn.xn--p1ai", true)]
    [TestCase("HTTPS://Chat.Example:443/", "https://chat.example", true)]
    [TestCase("capacitor://localhost", "capacitor://localhost", true)]
    [TestCase("capacitor://localhost", "ionic://localhost", false)]
    [TestCase("*", "http://evil.example", true)]
    public async Task Upgrade_ByOrigin_IsAllowedOrForbidden(string? allowed, string origin, bool expected)
    {
        await using var hub = await HubFixture.StartAsync(allowed is null ? [] : new() { ["Gateway:Notify:AllowedOrigins:0"] = allowed });
        var opening = NotifyClient.OpenAsync(hub.WebSocketPort, options => options.SetRequestHeader("Origin", origin));
        if (expected)
        {
            await (await opening).DisposeAsync();
        }
        else
        {
            Assert.That(async () => await opening, Throws.InstanceOf<WebSocketException>().With.Message.Contains("403"));
        }
    }

    [TestCase("MaxConnections")]
    [TestCase("MaxConnectionsPerAddress")]
    public async Task Upgrade_AboveTheLimit_IsRefusedUntilOneLeaves(string limit)
    {
        await using var hub = await HubFixture.StartAsync(new() { [$"Gateway:Notify:{limit}"] = "2" });
        await using var first = await hub.JoinAsync("alice");
        await using var second = await hub.JoinAsync("bob");
        Assert.That(async () => await NotifyClient.OpenAsync(hub.WebSocketPort), Throws.InstanceOf<WebSocketException>().With.Message.Contains("503"));

        await first.CloseAsync();
        await Eventually.That(() => hub.SocketsOf("alice") == 0);
        await using var third = await hub.JoinAsync("carol");
    }

    [Test]
    public async Task Client_ThatVanishes_LeavesNothingBehind()
    {
        await using var hub = await HubFixture.StartAsync();
        var client = await hub.JoinAsync("alice");
        await client.DisposeAsync();
        await Eventually.That(() => hub.SocketsOf("alice") == 0);
    }

    [Test]
    public async Task Session_ThatEnds_ClosesItsSocketsAndNoOther()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:SessionCheckInterval"] = "00:00:01" });
        await using var alice = await hub.JoinAsync("alice");
        await using var bob = await hub.JoinAsync("bob");
        hub.Sessions.Remove("s-alice");
        Assert.That(await alice.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
        Assert.That(hub.SocketsOf("bob"), Is.EqualTo(1));
    }

    [Test]
    public async Task Shutdown_WithOpenSockets_ClosesThemWithGoingAway()
    {
        var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:DrainBatch"] = "2", ["Gateway:Notify:DrainPause"] = "00:00:00.010" });
        var clients = new List<NotifyClient>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await hub.JoinAsync("alice"));
        }

        var stopping = hub.DisposeAsync().AsTask();
        foreach (var client in clients)
        {
            Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((1001, "going-away")));
            await client.DisposeAsync();
        }

        await stopping.DefaultTimeout();
    }

    private sealed class StubSessions : ISessionAuthenticator
    {
        public SessionVerdict Verdict { get; init; }

        public ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(Verdict);
    }
}
