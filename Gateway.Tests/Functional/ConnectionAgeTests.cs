using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Hosting;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional;

/// <summary>An old connection ends with an answer, so that its client finds the gateways that were added.</summary>
[TestFixture]
internal sealed class ConnectionAgeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly int _http2Port = LoopbackPort.Free();

    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = await StubSubService.StartAsync();
        _gateway = await GatewayFixture.StartAsync(
            _service.Address,
            new()
            {
                ["Gateway:Limits:MaxConnectionAge"] = "00:10:00",
                ["Kestrel:Endpoints:H2:Url"] = $"http://127.0.0.1:{_http2Port}",
                ["Kestrel:Endpoints:H2:Protocols"] = "Http2",
            },
            builder => builder.Services.AddSingleton(provider => new ConnectionAge(provider.GetRequiredService<IOptions<ServerLimits>>(), _time)));
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Http1_TheLastAnswerSaysSo()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        // Its age begins when the server takes it, which may be later than the client has it.
        await client.PostAsync("/service/user/username_login", []);
        await client.ReadAsync();
        _time.Advance(TimeSpan.FromMinutes(8));
        await client.PostAsync("/service/user/username_login", []);
        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("Connection"));

        _time.Advance(TimeSpan.FromMinutes(4));
        await client.PostAsync("/service/user/username_login", []);

        Assert.That((await client.ReadAsync()).Headers["Connection"], Is.EqualTo("close"));
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task Http2_TheNextCallHasAConnectionOfItsOwn()
    {
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_http2Port}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        await CallAsync(client);
        await CallAsync(client);
        Assert.That(connections, Is.EqualTo(1));
        _time.Advance(TimeSpan.FromMinutes(12));
        await CallAsync(client);

        await Eventually.That(async () =>
        {
            await CallAsync(client);
            return connections == 2;
        });
    }

    [Test]
    public async Task WebSocket_OnAnOldConnection_Stays()
    {
        _gateway.Sessions.Set("s-alice", "alice");
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.PostAsync("/service/user/username_login", []);
        await client.ReadAsync();
        _time.Advance(TimeSpan.FromMinutes(12));

        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        var response = await client.ReadAsync();
        Assert.That(response.Status, Is.EqualTo(101));
        Assert.That(response.Headers["Connection"], Is.EqualTo("Upgrade"));
    }

    private static async Task CallAsync(HttpClient client)
    {
        using var response = await client.PostAsync("/service/user/username_login", new ByteArrayContent([])).DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }
}
