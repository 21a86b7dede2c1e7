using System.Net.Http.Headers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Functional;

/// <summary>Large requests whose length nobody has told. Over gRPC they are held, since a message there begins with its length; over HTTP they go on as they come.</summary>
[TestFixture]
internal sealed class ChunkedUploadTests : GatewayTest
{
    private const string Path = "/service/file/put_single_file";
    private const int FileBytes = 2 << 20;

    private static readonly byte[] File = Raw.Join(Raw.Bytes(1, "name"u8.ToArray()), Raw.Bytes(3, new byte[FileBytes]));

    private static readonly byte[] Upload = Raw.Join(Raw.Text(1, "r1"), Raw.Text(2, "mallory"), Raw.Text(3, "s-alice"), Raw.Bytes(4, File));

    private static readonly byte[] UploadOfAlice = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, File), Raw.Text(2, "alice"));

    [Test]
    public async Task Upload_OverGrpc_ArrivesWholeAndWithItsLength()
    {
        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });

        using var response = await PostChunkedAsync(Gateway, Path, Upload);

        Assert.That((await GatewayFixture.ParseAsync<PutSingleFileRsp>(response)).Success, Is.True);
        Assert.That(Service.LastCall.Message.SequenceEqual(UploadOfAlice), Is.True);
    }

    [Test]
    public async Task Upload_OverGrpcWithAUserIdBehindTheFile_IsTheSessions()
    {
        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });

        using var response = await PostChunkedAsync(Gateway, Path, Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, File), Raw.Text(2, "mallory")));

        Assert.That((await GatewayFixture.ParseAsync<PutSingleFileRsp>(response)).Success, Is.True);
        Assert.That(Service.LastCall.Message.SequenceEqual(UploadOfAlice), Is.True);
    }

    [Test]
    public async Task NewMessage_LargeAndChunked_IsServedAndTold()
    {
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = new MessageInfo { MessageId = "m" }, TargetIdList = { "bob" } });
        var message = new NewMessageReq
        {
            RequestId = "r1",
            SessionId = "s-alice",
            Message = new MessageContent { FileMessage = new FileMessageInfo { FileContents = ByteString.CopyFrom(new byte[FileBytes]) } },
        };

        using var response = await PostChunkedAsync(Gateway, "/service/message_transmit/new_message", message.ToByteArray());

        Assert.That((await GatewayFixture.ParseAsync<NewMessageRsp>(response)).Success, Is.True);
        Assert.That(NewMessageReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("alice"));
        Assert.That(Gateway.Published.Notifications, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Speech_WithItsSessionAtTheEnd_IsServed([Values] bool isChunked)
    {
        Service.Answer(new SpeechRecognitionRsp { RequestId = "r1", Success = true, RecognitionResult = "hello" });
        var message = new SpeechRecognitionReq { RequestId = "r1", SpeechContent = ByteString.CopyFrom(new byte[FileBytes]), SessionId = "s-alice" }.ToByteArray();

        using var response = await (isChunked ? PostChunkedAsync(Gateway, "/service/speech/recognition", message) : Gateway.PostAsync("/service/speech/recognition", message));

        Assert.That((await GatewayFixture.ParseAsync<SpeechRecognitionRsp>(response)).RecognitionResult, Is.EqualTo("hello"));
        Assert.That(SpeechRecognitionReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Upload_OverHttp_IsPassedOnBeforeAllOfItHasCome()
    {
        await using var service = await StubSubService.StartAsync(HttpProtocols.Http1);
        await using var gateway = await StartHttpAsync(service);
        var half = new TaskCompletionSource();
        var arrived = new TaskCompletionSource<(byte[] Body, string? Length)>();
        service.OnRequest = async context =>
        {
            using var body = new MemoryStream();
            var buffer = new byte[64 << 10];
            for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;)
            {
                body.Write(buffer, 0, read);
                if (body.Length > FileBytes / 4)
                {
                    half.TrySetResult();
                }
            }

            arrived.SetResult((body.ToArray(), context.Request.Headers.ContentLength?.ToString()));
            context.Response.ContentType = "application/proto";
            await context.Response.Body.WriteAsync(new PutSingleFileRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n{Upload.Length:x}\r\n");
        await client.SendAsync(Upload.AsMemory(0, FileBytes / 2));
        await half.Task.DefaultTimeout();
        await client.SendAsync(Upload.AsMemory(FileBytes / 2));
        await client.SendAsync("\r\n0\r\n\r\n");
        var response = await client.ReadAsync();

        Assert.That(PutSingleFileRsp.Parser.ParseFrom(response.Body).Success, Is.True);
        var (received, length) = await arrived.Task.DefaultTimeout();
        Assert.That(length, Is.Null);
        Assert.That(received.AsSpan().SequenceEqual(UploadOfAlice), Is.True);
    }

    [TestCase("too-large", 1_000_000, new byte[0], TestName = "Upload_OverHttpLargerThanTheRouteAllows_IsRefused")]
    [TestCase("bad-request", 68_157_440, new byte[] { 0x80 }, TestName = "Upload_OverHttpMalformedBehindTheFile_IsRefused")]
    public async Task Upload_OverHttp_WithAMistake(string code, int limit, byte[] behind)
    {
        await using var service = await StubSubService.StartAsync(HttpProtocols.Http1);
        await using var gateway = await StartHttpAsync(service, limit);

        using var response = await PostChunkedAsync(gateway, Path, Raw.Join(Upload, behind));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
        Assert.That(service.Calls, Is.Empty, "The sub-service was given a whole message");
    }

    private async Task<GatewayFixture> StartHttpAsync(StubSubService service, int limit = 68_157_440)
    {
        var gateway = await GatewayFixture.StartAsync(service.Address, new()
        {
            ["ReverseProxy:Clusters:file:Metadata:Protocol"] = "http",
            ["ReverseProxy:Routes:file-put-single-file:MaxRequestBodySize"] = $"{limit}",
        });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private static async Task<HttpResponseMessage> PostChunkedAsync(GatewayFixture gateway, string path, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StreamContent(new MemoryStream(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        request.Headers.TransferEncodingChunked = true;
        return await gateway.Client.SendAsync(request).DefaultTimeout();
    }
}
