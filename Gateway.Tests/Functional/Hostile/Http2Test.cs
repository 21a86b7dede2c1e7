using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>The same over HTTP/2 and TLS, where an honest client keeps one connection through all tests.</summary>
internal abstract class Http2Test : HostileTest
{
    /// <summary>The place of the HTTPS address among the gateway's.</summary>
    private const int Secure = 2;

    private readonly TestAuthority _authority = new();
    private HttpClient _honest = null!;

    protected override Dictionary<string, string?> Settings
    {
        get
        {
            var (certificate, key) = _authority.IssueFiles("gateway");
            return new()
            {
                ["Gateway:Tls:CertificateFile"] = certificate,
                ["Gateway:Tls:KeyFile"] = key,
                ["Gateway:Tls:HttpPort"] = "0",
                ["Gateway:Tls:WebSocketPort"] = "0",
            };
        }
    }

    protected override int HonestConnections => 1;

    [OneTimeSetUp]
    public async Task ConnectHonestClientAsync()
    {
        _honest = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => _authority.Validates(certificate, errors) },
        })
        {
            BaseAddress = new Uri(Gateway.Urls[Secure]),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        await AskOverHttp2Async();
    }

    [OneTimeTearDown]
    public void Disconnect()
    {
        _honest.Dispose();
        _authority.Dispose();
    }

    protected override async Task AskAsHonestClientAsync()
    {
        await base.AskAsHonestClientAsync();
        await AskOverHttp2Async();
    }

    /// <summary>An honest call, also in the middle of an attack.</summary>
    protected async Task AskOverHttp2Async()
    {
        using var response = await _honest.PostAsync(GetUserInfoPath, new ByteArrayContent(Alice)).DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty, "An honest client is not served");
        Assert.That((await GatewayFixture.ParseAsync<GetUserInfoRsp>(response)).Success, Is.True);
    }

    protected Task<RawHttp2> AttackAsync(params byte[] settings) => RawHttp2.ConnectAsync(new Uri(Gateway.Urls[Secure]), _authority, settings);
}
