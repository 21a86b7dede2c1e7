using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Notify.Delivery;
using Gateway.Protocol;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Clients that come by TLS, while the certificate changes as Kubernetes changes a Secret.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TlsTests : IDisposable
{
    private const string LogIn = "/service/user/username_login";

    // Fixture order: HTTP, WebSocket, HTTPS, WSS, management.
    private const int Secure = 2;
    private const int SecureSockets = 3;

    private readonly TestAuthority _authority = new();
    private readonly SecretFolder _secret = new();
    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _secret.Swap(Pair("first"));
        _service = await StubSubService.StartAsync();
        _service.Answer(new UserLoginRsp { RequestId = "r1", Success = true });
        _gateway = await GatewayFixture.StartAsync(_service.Address, new()
        {
            ["Gateway:Tls:CertificateFile"] = _secret.PathOf("tls.crt"),
            ["Gateway:Tls:KeyFile"] = _secret.PathOf("tls.key"),
            ["Gateway:Tls:HttpPort"] = "0",
            ["Gateway:Tls:WebSocketPort"] = "0",
        });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    public void Dispose()
    {
        _secret.Dispose();
        _authority.Dispose();
    }

    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Call_OverTls_IsAnsweredInTheVersionTheClientWants(string version)
    {
        using var client = new HttpClient(Handler()) { DefaultRequestVersion = Version.Parse(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var content = new ByteArrayContent(new UserLoginReq { RequestId = "r1" }.ToByteArray());

        using var response = await client.PostAsync(new Uri(new Uri(_gateway.Urls[Secure]), LogIn), content).DefaultTimeout();

        Assert.That(response.Version, Is.EqualTo(Version.Parse(version)));
        Assert.That((await GatewayFixture.ParseAsync<UserLoginRsp>(response)).Success, Is.True);
    }

    [Test]
    public async Task PlainPorts_StayPlain()
    {
        using var response = await _gateway.PostAsync(LogIn, new UserLoginReq { RequestId = "r1" }.ToByteArray());

        Assert.That((await GatewayFixture.ParseAsync<UserLoginRsp>(response)).Success, Is.True);
        Assert.That(_gateway.Urls.Select(url => url.Split(':')[0]), Is.EqualTo(new[] { "http", "http", "https", "https", "http" }));
    }

    [TestCase("/ws")]
    [TestCase("/")]
    public async Task Socket_OverTls_IsServed(string path)
    {
        _gateway.Sessions.Set("s-alice", "alice");
        var address = new UriBuilder(_gateway.Urls[SecureSockets]) { Scheme = "wss", Path = path }.Uri;

        await using var client = await NotifyClient.OpenAsync(
            address, options => options.RemoteCertificateValidationCallback = (_, certificate, _, errors) => _authority.Validates(certificate, errors));
        await client.SendAsync(new ClientAuthenticationReq { RequestId = "r", SessionId = "s-alice" }.ToByteArray());

        var hub = _gateway.Services.GetRequiredService<NotifyHub>();
        await Eventually.That(async () => (await hub.FindSocketsAsync("alice", CancellationToken.None)).Count == 1, "the socket is served");
        var told = new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "bob" } };
        await hub.PublishAsync(["alice"], told, CancellationToken.None).DefaultTimeout();
        Assert.That(await client.ReceiveAsync(), Is.EqualTo(told));

        var stopping = _gateway.StopAsync();
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(1001));
        await stopping.DefaultTimeout();
    }

    [Test]
    public async Task Secret_Swapped_NewConnectionsSeeIt_AndAnOpenOneGoesOn()
    {
        await using var open = await ConnectAsync();
        Assert.That(await AskAsync(open), Does.StartWith("HTTP/1.1 404"));

        _secret.Swap(Pair("second"));
        await Eventually.That(async () => await ShownAsync() == "CN=second", "new connections see the new certificate");

        Assert.That(await AskAsync(open), Does.StartWith("HTTP/1.1 404"), "The open connection still serves");
        Assert.That(open.RemoteCertificate!.Subject, Is.EqualTo("CN=first"));
        Assert.That(_gateway.Log.Named("CertificateReplaced"), Has.Count.EqualTo(1));
        Assert.That(await DegradedAsync(), Is.Empty);
    }

    [Test]
    public async Task Secret_SwappedForABrokenPair_KeepsTheOldOne_AndSaysSoOnce()
    {
        _secret.Swap(("tls.crt", _authority.Issue("second").Certificate), ("tls.key", _authority.Issue("third").Key));
        await Eventually.That(async () => (await DegradedAsync()).Any(), "the gateway is degraded");

        Assert.That(await ShownAsync(), Is.EqualTo("CN=first"));
        Assert.That((await DegradedAsync()).Single(), Does.Contain(_secret.PathOf("tls.crt")).And.EndsWith("; the certificate from before stays in use"));
        _secret.Swap(Pair("fourth"));
        await Eventually.That(async () => await ShownAsync() == "CN=fourth", "the mended pair is shown");
        Assert.That(await DegradedAsync(), Is.Empty);
        Assert.That(_gateway.Log.Named("CertificateRefused"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Certificate_AboutToExpire_IsTold()
    {
        _secret.Swap(Pair("short", TimeSpan.FromDays(13)));
        await Eventually.That(() => _gateway.Log.Named("CertificateExpires").Count == 1, "the warning is logged");

        Assert.That((await DegradedAsync()).Single(), Does.StartWith("the certificate for TLS expires at "));
    }

    [Test]
    public async Task Certificate_Expired_IsAnOutage()
    {
        _secret.Swap(Pair("over", TimeSpan.FromMinutes(-1)));
        await Eventually.That(() => _gateway.Log.Named("CertificateExpires").Count == 1, "the warning is logged");

        Assert.That((await ReasonsAsync("outages")).Single(), Does.StartWith("the certificate for TLS has expired at ").And.EndsWith(": clients refuse to connect"));
        Assert.That(await DegradedAsync(), Is.Empty);
    }

    private (string Name, string Text)[] Pair(string name, TimeSpan? lifetime = null)
    {
        var (certificate, key) = _authority.Issue(name, lifetime);
        return [("tls.crt", certificate), ("tls.key", key)];
    }

    private SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => _authority.Validates(certificate, errors) },
    };

    private async Task<SslStream> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(_gateway.Urls[Secure]).Port);
        var stream = new SslStream(
            new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, (_, certificate, _, errors) => _authority.Validates(certificate, errors));
        await stream.AuthenticateAsClientAsync("localhost").DefaultTimeout();
        return stream;
    }

    /// <summary>Whose certificate a new connection is shown.</summary>
    private async Task<string> ShownAsync()
    {
        await using var stream = await ConnectAsync();
        return stream.RemoteCertificate!.Subject;
    }

    /// <summary>A request for something that is not there, which needs no sub-service.</summary>
    private static async Task<string> AskAsync(SslStream stream)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer).DefaultTimeout();
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    private Task<IReadOnlyList<string>> DegradedAsync() => ReasonsAsync("degraded");

    private async Task<IReadOnlyList<string>> ReasonsAsync(string kind)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var report = JsonDocument.Parse(await client.GetStringAsync(new Uri(_gateway.Management, "/readyz")).DefaultTimeout());
        return [.. report.RootElement.GetProperty(kind).EnumerateArray().Select(reason => reason.GetString()!)];
    }
}
