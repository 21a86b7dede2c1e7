using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Browser;

/// <summary>A page of another origin uploads a file with an expired session, on a line of 2 MB/s: it reads that its user has to log in again.</summary>
[TestFixture]
[Servers]
internal sealed class RefusedUploadTests
{
    private const string Upload = "/service/file/put_single_file";
    private const int FileBytes = 16 << 20;
    private const int BytesPerSecond = 2 << 20;

    // Fixture order: HTTP, WebSocket, HTTPS, WSS, management.
    private const int Plain = 0;
    private const int Secure = 2;

    private const string Fetch = """
        async ([url, start, size]) => {
          const body = new Uint8Array(size);
          body.set(start);
          const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/x-protobuf' }, body });
          return response.headers.get('x-gateway-error') + ' ' + new TextDecoder().decode(await response.arrayBuffer());
        }
        """;

    private const string Xhr = """
        ([url, start, size]) => new Promise(resolve => {
          const body = new Uint8Array(size);
          body.set(start);
          const request = new XMLHttpRequest();
          request.open('POST', url);
          request.setRequestHeader('Content-Type', 'application/x-protobuf');
          request.onload = () => resolve(request.getResponseHeader('x-gateway-error') + ' ' + request.responseText);
          request.onerror = () => resolve('network error');
          request.send(body);
        })
        """;

    private readonly TestAuthority _authority = new();
    private StubSubService _page = null!;
    private GatewayFixture _gateway = null!;
    private Chromium _chromium = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var (certificate, key) = _authority.IssueFiles("gateway");
        _page = await StubSubService.StartAsync(HttpProtocols.Http1);
        _page.OnCall = (context, _) =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<title>page</title>");
        };
        _gateway = await GatewayFixture.StartAsync(_page.Address, new()
        {
            ["Gateway:Cors:AllowedOrigins:0"] = _page.Address,
            ["Gateway:Tls:CertificateFile"] = certificate,
            ["Gateway:Tls:KeyFile"] = key,
            ["Gateway:Tls:HttpPort"] = "0",
            ["Gateway:Tls:WebSocketPort"] = "0",
        });
        _chromium = await Chromium.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _chromium.DisposeAsync();
        await _gateway.DisposeAsync();
        await _page.DisposeAsync();
        _authority.Dispose();
    }

    [Test]
    public async Task Upload_SessionExpired_PageReadsIt()
    {
        await using var plain = Relay(Plain);
        await using var secure = Relay(Secure);
        var https = secure.Endpoint.Replace("http:", "https:", StringComparison.Ordinal);

        var read = await Task.WhenAll(
            UploadAsync(plain.Endpoint, Fetch), UploadAsync(plain.Endpoint, Xhr), UploadAsync(https, Fetch), UploadAsync(https, Xhr));

        Assert.That(read, Has.All.StartWith("session-invalid ").And.All.Contains("Please log in again"));
    }

    private TcpRelay Relay(int url) => new(new Uri(_gateway.Urls[url]).Port) { ClientBytesPerSecond = BytesPerSecond };

    /// <summary>In a browser window of its own, so that no upload shares a connection with another.</summary>
    private async Task<string> UploadAsync(string gateway, string script)
    {
        var message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-expired"), Raw.Bytes(4, Raw.Bytes(3, new byte[FileBytes])));
        var start = message[..^FileBytes].Select(value => (int)value).ToArray();
        await using var context = await _chromium.Browser.NewContextAsync(new() { IgnoreHTTPSErrors = true });
        var page = await context.NewPageAsync();
        await page.GotoAsync(_page.Address);
        return await page.EvaluateAsync<string>(script, new object[] { gateway + Upload, start, message.Length });
    }
}
