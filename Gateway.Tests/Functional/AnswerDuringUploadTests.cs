using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Identity;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Functional;

/// <summary>
/// A client on a line of 2 MB/s that reads nothing while it sends for longer than the server would wait for it: whatever its upload is answered
/// with, and however early, it reads the answer, and its connection goes on.
/// </summary>
[TestFixture]
internal sealed class AnswerDuringUploadTests : GatewayTest
{
    private const string Path = "/service/file/put_single_file";
    private const string OrdinaryPath = "/plain";
    private const int PieceBytes = 100 << 10;

    /// <summary>Six seconds of sending; Kestrel closes a connection five seconds after an answer.</summary>
    private const int FileBytes = 12 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>All at once, for each takes the time of its sending.</summary>
    [Test]
    public Task Uploads_AreRefused_SlowSendersReadWhy() => Task.WhenAll(
        AssertReadsWhyAsync("session-invalid"),
        AssertReadsWhyAsync("session-invalid", isChunked: true),
        AssertReadsWhyAsync("session-store-down"),
        AssertReadsWhyAsync("unsupported-content"),
        AssertReadsWhyAsync("rate-limited"),
        AssertReadsWhyAsync("overloaded"),
        AssertReadsWhyAsync("no-instance"),
        AssertReadsWhyAsync("bad-request"),
        AssertReadsWhyAsync("sub-service-failed"),
        AssertReadsWhyAsync("timed-out"));

    [TestCase(429)]
    [TestCase(503)]
    public async Task OrdinaryUpload_IsRefused_SlowSenderReadsWhy(int status)
    {
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:RateLimits:files:Permit"] = "1",
            ["Gateway:RateLimits:files:Window"] = "1.00:00:00",
            ["ReverseProxy:Routes:plain:ClusterId"] = "file",
            ["ReverseProxy:Routes:plain:Match:Path"] = OrdinaryPath,
            ["ReverseProxy:Routes:plain:RateLimiterPolicy"] = status == 429 ? "files" : null,
            ["ReverseProxy:Clusters:file:Metadata:MaxConcurrentRequests"] = "1",
        });
        var held = Service.Hold();
        var holding = gateway.Client.GetAsync(OrdinaryPath);
        await held.Arrived.DefaultTimeout();
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await SendSlowlyAsync(client, new byte[FileBytes], "application/octet-stream", isChunked: false, OrdinaryPath);

        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(status));
        await client.PostAsync(GetUserInfoPath, []);
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(200), "The connection goes on");
        gateway.Client.CancelPendingRequests();
        await ((Task)holding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Test]
    public async Task Upload_SubServiceAnswersBeforeItHasReadAll_SlowSenderReadsTheAnswer()
    {
        Service.OnRequest = context => StubSubService.AnswerAsync(context, new PutSingleFileRsp { RequestId = "r1", Success = true }.ToByteArray());
        // Over before the upload is: the answer is there, so it is not late.
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Routes:file-put-single-file:Timeout"] = "00:00:05" });
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await SendSlowlyAsync(client, Upload("ok"), "application/x-protobuf", isChunked: false);

        Assert.That(PutSingleFileRsp.Parser.ParseFrom((await client.ReadAsync()).Body).Success, Is.True);
    }

    [Test]
    public async Task Upload_RefusedAndNotContinued_IsAnsweredAtOnce()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        var upload = Upload("session-invalid");

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {upload.Length}\r\n\r\n");
        await client.SendAsync(upload.AsMemory(0, PieceBytes));

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("session-invalid"));
    }

    [Test]
    public async Task Upload_RefusedAndNotContinued_IsLetGoOfWhenTheTimeIsOver()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Rpc:MaxDiscardTime"] = "00:00:00.100" });
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var upload = Upload("session-invalid");

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {upload.Length}\r\n\r\n");
        await client.SendAsync(upload.AsMemory(0, PieceBytes));
        await client.ReadAsync();

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task Upload_RefusedAndNotContinued_IsLetGoOfWhenTheGatewayStops()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Rpc:MaxDiscardTime"] = "00:05:00" });
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var upload = Upload("session-invalid");
        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {upload.Length}\r\n\r\n");
        await client.SendAsync(upload.AsMemory(0, PieceBytes));
        await client.ReadAsync();

        gateway.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task Upload_RefusedBeforeItWasAskedFor_IsAnsweredAtOnce()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: {FileBytes}\r\n\r\n");

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("unsupported-content"));
    }

    private static byte[] Upload(string code)
    {
        var file = Raw.Bytes(4, Raw.Bytes(3, new byte[FileBytes]));
        var ids = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, code == "session-invalid" ? "s-nobody" : "s-alice"));
        return code == "bad-request" ? Raw.Join(ids, Raw.Bytes(4, Raw.Bytes(3, new byte[1 << 20])), Raw.Text(2, "mallory"), file) : Raw.Join(ids, file);
    }

    private static async Task AssertReadsWhyAsync(string code, bool isChunked = false)
    {
        await using var service = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(service, code);
        gateway.Sessions.Set("s-alice", "alice");
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await SendSlowlyAsync(client, Upload(code), code == "unsupported-content" ? "text/plain" : "application/x-protobuf", isChunked);
        var response = await client.ReadAsync();

        Assert.That(response.Headers.GetValueOrDefault("x-gateway-error"), Is.EqualTo(code));
        Assert.That(PutSingleFileRsp.Parser.ParseFrom(response.Body).Errmsg, Is.Not.Empty, code);
        await client.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(200), $"{code}: the connection goes on");
    }

    private static async Task<GatewayFixture> StartAsync(StubSubService service, string code)
    {
        Dictionary<string, string?> settings = new()
        {
            ["Gateway:RateLimits:files:Permit"] = "1",
            ["Gateway:RateLimits:files:Window"] = "1.00:00:00",
        };
        switch (code)
        {
            case "session-store-down":
                return await GatewayFixture.StartAsync(service.Address, settings, builder => builder.Services.AddSingleton<ISessionStore, DownStore>());
            case "rate-limited":
                settings["ReverseProxy:Routes:file-put-single-file:RateLimiterPolicy"] = "files";
                var limited = await GatewayFixture.StartAsync(service.Address, settings);
                limited.Sessions.Set("s-alice", "alice");
                (await limited.PostAsync(Path, Alice.ToByteArray())).Dispose();
                return limited;
            case "overloaded":
                settings["ReverseProxy:Clusters:file:Metadata:MaxConcurrentRequests"] = "1";
                var full = await GatewayFixture.StartAsync(service.Address, settings);
                full.Sessions.Set("s-alice", "alice");
                var held = service.Hold();
                _ = full.PostAsync("/service/file/get_single_file", new GetSingleFileReq { SessionId = "s-alice" }.ToByteArray());
                await held.Arrived.DefaultTimeout();
                service.OnRequest = context => StubSubService.AnswerAsync(context, []);
                return full;
            case "no-instance":
                settings["ReverseProxy:Clusters:file:Destinations:etcd:Address"] = "http://127.0.0.1:1";
                break;
            case "sub-service-failed":
                service.OnRequest = context =>
                {
                    context.Response.ContentType = "application/grpc";
                    context.Response.Headers["grpc-status"] = "13";
                    return Task.CompletedTask;
                };
                break;
            case "timed-out":
                settings["ReverseProxy:Routes:file-put-single-file:Timeout"] = "00:00:01";
                break;
            default:
                service.OnRequest = async context =>
                {
                    await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                    await StubSubService.AnswerAsync(context, []);
                };
                break;
        }

        return await GatewayFixture.StartAsync(service.Address, settings);
    }

    private static async Task SendSlowlyAsync(RawClient client, byte[] body, string type, bool isChunked, string path = Path)
    {
        var length = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
        await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: {type}\r\n{length}\r\n\r\n");
        foreach (var piece in body.Chunk(PieceBytes))
        {
            if (isChunked)
            {
                await client.SendAsync($"{piece.Length:x}\r\n");
            }

            await client.SendAsync(piece);
            if (isChunked)
            {
                await client.SendAsync("\r\n");
            }

            await Task.Delay(Pause);
        }

        if (isChunked)
        {
            await client.SendAsync("0\r\n\r\n");
        }
    }

    private sealed class DownStore : ISessionStore
    {
        public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(SessionLookup.StoreDown);
    }
}
