using System.Buffers.Text;
using System.Net.WebSockets;
using System.Text;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Notify;

/// <summary>Sockets whose upgrade shows the session, or a token, so that no first message is needed.</summary>
[TestFixture]
internal sealed class UpgradeSessionTests
{
    private const string ManagementToken = "token of the operators of this test";
    private const string Page = "https://chat.example.com";

    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Gateway:Sessions:Sources:0"] = "Body",
        ["Gateway:Sessions:Sources:1"] = "Bearer",
        ["Gateway:Sessions:Sources:2"] = "Cookie:sid",
        ["Gateway:Notify:AllowedOrigins:0"] = Page,
    };

    private HubFixture _hub = null!;

    [SetUp]
    public async Task StartAsync() => _hub = await HubFixture.StartAsync(Settings);

    [TearDown]
    public ValueTask StopAsync() => _hub.DisposeAsync();

    [Test]
    public async Task Subprotocol_WithASession_LetsAPlainClientIn()
    {
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v1", SessionProtocol("s-alice")));
        await JoinedAsync("alice");

        await _hub.PublishAsync(["alice"], HubFixture.Removed("bob"));

        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
    }

    [Test]
    public async Task Subprotocol_WithASession_IsNeverChosen()
    {
        using var socket = new ClientWebSocket();
        Offer(socket.Options, SessionProtocol("s-alice"), "gateway.notify.v2");
        await socket.ConnectAsync(_hub.WebSocketPort, CancellationToken.None).DefaultTimeout();

        Assert.That(socket.SubProtocol, Is.EqualTo("gateway.notify.v2"));
    }

    [Test]
    public async Task Subprotocol_WithASession_SavesItInHello()
    {
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v2", SessionProtocol("s-alice")));
        await client.SendAsync(new ClientFrame { Hello = new Hello() }.ToByteArray());

        Assert.That(ServerFrame.Parser.ParseFrom(await client.ReceiveRawAsync()).Welcome, Is.Not.Null);
        Assert.That(_hub.SocketsOf("alice"), Is.EqualTo(1));
    }

    [TestCase("s-alice", true)]
    [TestCase("s-bob", false)]
    public async Task Hello_WithASessionAsWell_HasToSayTheSame(string session, bool isTaken)
    {
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v2", SessionProtocol("s-alice")));
        await client.SendAsync(new ClientFrame { Hello = new Hello { SessionId = session } }.ToByteArray());

        if (isTaken)
        {
            Assert.That(ServerFrame.Parser.ParseFrom(await client.ReceiveRawAsync()).Welcome, Is.Not.Null);
        }
        else
        {
            Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4400, "malformed-authentication")));
        }
    }

    [Test]
    public async Task FirstMessage_OfAClientThatIsLetIn_HasToSayTheSame()
    {
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v1", SessionProtocol("s-alice")));
        await client.SendAsync(new ClientAuthenticationReq { SessionId = "s-alice" }.ToByteArray());
        await JoinedAsync("alice");
        await client.SendAsync(new ClientAuthenticationReq { SessionId = "s-bob" }.ToByteArray());

        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4400, "malformed-authentication")));
    }

    [Test]
    public async Task FirstMessage_StaysPossible()
    {
        await using var client = await _hub.JoinAsync("alice");
    }

    [Test]
    public async Task Header_WithASession_LetsIn()
    {
        await using var client = await OpenAsync(options => options.SetRequestHeader("Authorization", "Bearer s-alice"));

        await JoinedAsync("alice");
    }

    [Test]
    public async Task Cookie_OfAnAllowedPage_LetsIn()
    {
        await using var client = await OpenAsync(options =>
        {
            options.SetRequestHeader("Cookie", "sid=s-alice");
            options.SetRequestHeader("Origin", Page);
        });

        await JoinedAsync("alice");
    }

    [TestCase(null)]
    [TestCase("https://evil.example.com")]
    public async Task Cookie_OfAnotherPage_IsRefused(string? origin)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Cookie", "sid=s-alice");
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        Assert.That(await RefusalAsync(socket), Is.EqualTo(403));
    }

    [TestCase("*")]
    [TestCase("null")]
    public async Task Cookie_WhereAnyPageMayOpenASocket_IsRefusedAllTheSame(string origins)
    {
        await using var hub = await HubFixture.StartAsync(new(Settings) { ["Gateway:Notify:AllowedOrigins:0"] = origins });
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Cookie", "sid=s-alice");
        socket.Options.SetRequestHeader("Origin", origins == "*" ? Page : origins);

        Assert.That(await RefusalAsync(socket, hub), Is.EqualTo(403));
    }

    [TestCase("gateway.session.!!!!")]
    [TestCase("gateway.session.")]
    [TestCase("gateway.session.cy1ib2I")]
    public async Task Upgrade_WithTwoSessionsOrGarbage_IsRefused(string protocol)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        Offer(socket.Options, "gateway.notify.v2", SessionProtocol("s-alice"), protocol);

        Assert.That(await RefusalAsync(socket), Is.EqualTo(403));
    }

    [Test]
    public async Task Session_ThatIsNobodys_IsClosed()
    {
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v1", SessionProtocol("s-nobody")));

        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4401, "session-invalid")));
    }

    [Test]
    public async Task Token_ThatEnds_EndsThePlainSocket()
    {
        await using var hub = await StartWithTokensAsync();
        await using var client = await OpenAsync(options => Offer(options, "gateway.notify.v1", SessionProtocol(Token(2))), hub);
        await JoinedAsync("alice", hub);

        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
    }

    [Test]
    public async Task Token_ThatEnds_CanBeFollowedByAFreshOne()
    {
        await using var hub = await StartWithTokensAsync();
        await using var client = await ExtendedClient.JoinAsync(hub.WebSocketPort, Token(2));

        await client.ReceiveAsync(ServerFrame.FrameOneofCase.SessionExpired);
        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        await client.SendAsync(new ClientFrame { Authenticate = new Authenticate { SessionId = Token(3600) } });

        await client.ReceiveAsync(ServerFrame.FrameOneofCase.Authenticated);
        Assert.That(await client.ReceiveResumedAsync(), Is.True);
        Assert.That(hub.SocketsOf("alice"), Is.EqualTo(1));
    }

    [Test]
    public async Task Token_OfSomebodyElse_DoesNotFollow()
    {
        await using var hub = await StartWithTokensAsync();
        await using var client = await ExtendedClient.JoinAsync(hub.WebSocketPort, Token(3600));

        await client.SendAsync(new ClientFrame { Authenticate = new Authenticate { SessionId = TestTokens.Hs256(TestTokens.Claims("bob")) } });

        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(4401));
    }

    [Test]
    public async Task Token_OfASocket_NamesItWithoutShowingTheToken()
    {
        await using var hub = await StartWithTokensAsync();
        var token = Token(3600);
        await using var client = await NotifyClient.JoinAsync(hub.WebSocketPort, token);
        await JoinedAsync("alice", hub);

        using var content = new StringContent($$"""{ "session": "{{token}}" }""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hub.Gateway.Management, "/admin/disconnect")) { Content = content };
        request.Headers.Authorization = new("Bearer", ManagementToken);
        using var response = await hub.Gateway.Client.SendAsync(request);

        Assert.That(response.IsSuccessStatusCode, Is.True, await response.Content.ReadAsStringAsync());
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        Assert.That(hub.Log.Entries.Select(entry => $"{entry.Message} {entry.Values} {entry.Exception}"), Has.None.Contain("eyJ"));
    }

    private static string Token(int seconds) => TestTokens.Hs256(TestTokens.Claims(further: ("exp", TestTokens.Now + seconds)));

    private static string SessionProtocol(string session) => $"gateway.session.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(session))}";

    private static void Offer(ClientWebSocketOptions options, params string[] protocols) => Array.ForEach(protocols, options.AddSubProtocol);

    private static async Task<HubFixture> StartWithTokensAsync()
    {
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, TestTokens.Secret);
        return await HubFixture.StartAsync(new(Settings)
        {
            ["Gateway:Jwt:SecretFile"] = secret,
            ["Gateway:Management:Token"] = ManagementToken,
            ["Gateway:Jwt:ClockSkew"] = "00:00:00",
            // So that it is not the look-up that finds it out.
            ["Gateway:Notify:SessionCheckInterval"] = "01:00:00",
        });
    }

    private Task<NotifyClient> OpenAsync(Action<ClientWebSocketOptions> configure, HubFixture? hub = null) => NotifyClient.OpenAsync((hub ?? _hub).WebSocketPort, configure);

    private Task JoinedAsync(string user, HubFixture? hub = null) => Eventually.That(() => (hub ?? _hub).SocketsOf(user) == 1, $"'{user}' has not been let in");

    private async Task<int> RefusalAsync(ClientWebSocket socket, HubFixture? hub = null)
    {
        await Assert.ThatAsync(() => socket.ConnectAsync((hub ?? _hub).WebSocketPort, CancellationToken.None).DefaultTimeout(), Throws.InstanceOf<WebSocketException>());
        return (int)socket.HttpStatusCode;
    }
}
