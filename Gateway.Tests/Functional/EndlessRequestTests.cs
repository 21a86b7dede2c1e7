using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Closed connections of HTTP/2 with a request that does not end, as Kestrel leaves them after a flood of resets, only at once and for certain.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class EndlessRequestTests : IDisposable
{
    private const string EndlessPath = "/endless";
    private const string LogIn = "/service/user/username_login";

    private readonly TestAuthority _authority = new();
    private readonly Endless _endless = new();
    private readonly int _plainPort = LoopbackPort.Free();
    private readonly int _securePort = LoopbackPort.Free();
    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    private Uri TlsPort => _gateway.Urls.Select(url => new Uri(url)).First(url => url.Scheme == "https" && url.Port != _securePort);

    [SetUp]
    public async Task StartAsync()
    {
        var (certificate, key) = _authority.IssueFiles("gateway");
        _service = await StubSubService.StartAsync();
        _service.Answer(new UserLoginRsp { RequestId = "r1", Success = true });
        _gateway = await GatewayFixture.StartAsync(
            _service.Address,
            new()
            {
                ["Gateway:Limits:MaxConnections"] = "1",
                ["Gateway:Tls:CertificateFile"] = certificate,
                ["Gateway:Tls:KeyFile"] = key,
                ["Gateway:Tls:HttpPort"] = "0",
                ["Gateway:Tls:WebSocketPort"] = "0",
                ["Kestrel:Endpoints:Plain:Url"] = $"http://127.0.0.1:{_plainPort}",
                ["Kestrel:Endpoints:Plain:Protocols"] = "Http2",
                ["Kestrel:Endpoints:Secure:Url"] = $"https://127.0.0.1:{_securePort}",
                ["Kestrel:Endpoints:Secure:Certificate:Path"] = certificate,
                ["Kestrel:Endpoints:Secure:Certificate:KeyPath"] = key,
            },
            builder => builder.Services.AddSingleton<IStartupFilter>(_endless));
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    public void Dispose() => _authority.Dispose();

    [Test]
    public Task TlsPort_GetsItsPlaceBack() => TakeAndAskAsync(TlsPort);

    [Test]
    public async Task TlsPort_RequestEndsAfterAll_HarmsNobody()
    {
        await TakeAndAskAsync(TlsPort);

        _endless.End();

        await Eventually.That(() => AskAsync(TlsPort));
    }

    [Test]
    public Task PlainEndpoint_GetsItsPlaceBack() => TakeAndAskAsync(new Uri($"http://127.0.0.1:{_plainPort}"));

    [Test]
    public Task SecureEndpoint_GetsItsPlaceBack() => TakeAndAskAsync(new Uri($"https://127.0.0.1:{_securePort}"));

    /// <summary>The only place is taken, and given back: another client is let in.</summary>
    private async Task TakeAndAskAsync(Uri address)
    {
        using (var client = Connect(address))
        {
            var endless = client.GetAsync(EndlessPath);
            await _endless.Begun.DefaultTimeout();
            client.CancelPendingRequests();
            await Assert.CatchAsync<OperationCanceledException>(() => endless);
        }

        await Eventually.That(() => AskAsync(address), "another client is let in");
    }

    private async Task<bool> AskAsync(Uri address)
    {
        using var client = Connect(address);
        try
        {
            using var response = await client.PostAsync(LogIn, new ByteArrayContent(new UserLoginReq { RequestId = "r1" }.ToByteArray())).DefaultTimeout();
            return (await GatewayFixture.ParseAsync<UserLoginRsp>(response)).Success;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private HttpClient Connect(Uri address) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => _authority.Validates(certificate, errors) },
    })
    {
        BaseAddress = address,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Stands before everything else, and holds requests whatever becomes of their client.</summary>
    private sealed class Endless : IStartupFilter
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void End() => _end.SetResult();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Map(EndlessPath, endless => endless.Run(_ =>
            {
                _begun.TrySetResult();
                return _end.Task;
            }));
            next(app);
        };
    }
}
