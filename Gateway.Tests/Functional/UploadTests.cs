using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Functional;

/// <summary>Requests too large to be held: they go on to the sub-service while they come.</summary>
[TestFixture]
internal sealed class UploadTests : GatewayTest
{
    private const string Path = "/service/file/put_single_file";
    private const int UserId = 2;
    private const int SessionId = 3;
    private const int FileData = 4;
    private const int HalfSize = 1 << 20;

    private static readonly byte[] File = Raw.Join(Raw.Bytes(1, "name"u8.ToArray()), Raw.Bytes(3, new byte[2 * HalfSize]));

    [Test]
    public async Task Upload_IsPassedOnBeforeAllOfItHasCome()
    {
        byte[] message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(UserId, "mallory"), Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File));
        var half = new TaskCompletionSource();
        var arrived = new TaskCompletionSource<byte[]>();
        Service.OnRequest = async context =>
        {
            using var body = new MemoryStream();
            var buffer = new byte[64 << 10];
            for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;)
            {
                body.Write(buffer, 0, read);
                if (body.Length > HalfSize / 2)
                {
                    half.TrySetResult();
                }
            }

            arrived.SetResult(body.ToArray());
            await StubSubService.AnswerAsync(context, new PutSingleFileRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {message.Length}\r\n\r\n");
        await client.SendAsync(message.AsMemory(0, HalfSize));
        await half.Task.DefaultTimeout();
        await client.SendAsync(message.AsMemory(HalfSize));
        var response = await client.ReadAsync();

        Assert.That(PutSingleFileRsp.Parser.ParseFrom(response.Body).Success, Is.True);
        var frame = await arrived.Task.DefaultTimeout();
        var expected = Raw.Join(Raw.Text(1, "r1"), Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File), Raw.Text(UserId, "alice"));
        Assert.That(frame.AsSpan(5).SequenceEqual(expected), Is.True);
    }

    [Test]
    public async Task Upload_WithAUserIdBehindTheFile_IsRefused_AndNeverWholeAtTheSubService()
    {
        var ended = new TaskCompletionSource<bool>();
        Service.OnRequest = context => ReadToTheEndAsync(context, ended);

        using var response = await Gateway.PostAsync(Path, Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File), Raw.Text(UserId, "mallory")));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("bad-request"));
        Assert.That(await ended.Task.DefaultTimeout(), Is.False, "The sub-service was given a whole message");
    }

    [Test]
    public async Task Upload_MalformedBehindTheFile_IsRefused_AndNeverWholeAtTheSubService()
    {
        var ended = new TaskCompletionSource<bool>();
        Service.OnRequest = context => ReadToTheEndAsync(context, ended);

        using var response = await Gateway.PostAsync(Path, Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File), [0x80]));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("bad-request"));
        Assert.That(await ended.Task.DefaultTimeout(), Is.False, "The sub-service was given a whole message");
    }

    /// <summary>
    /// What is cut out of the beginning leaves little of it, and more than that is still to come. That little is on its way while the client is
    /// waited for, also on a connection that has nothing else to send.
    /// </summary>
    [Test]
    public async Task Upload_WhoseBeginningIsNearlyAllCutOut_IsPassedOn()
    {
        var file = Raw.Bytes(FileData, Raw.Bytes(3, new byte[20 << 10]));
        byte[] message = Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Text(UserId, new string('m', 126 << 10)), file);
        var half = new TaskCompletionSource();
        var arrived = new TaskCompletionSource<byte[]>();
        (await Gateway.PostAsync(Path, Raw.Text(SessionId, "s-alice"))).Dispose();
        Service.OnRequest = async context =>
        {
            half.SetResult();
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            arrived.SetResult(body.ToArray());
            await StubSubService.AnswerAsync(context, []);
        };
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {message.Length}\r\n\r\n");
        await client.SendAsync(message.AsMemory(0, 130 << 10));
        await half.Task.DefaultTimeout();
        await client.SendAsync(message.AsMemory(130 << 10));

        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        Assert.That((await arrived.Task.DefaultTimeout())[5..], Is.EqualTo(Raw.Join(Raw.Text(SessionId, "s-alice"), file, Raw.Text(UserId, "alice"))));
    }

    [Test]
    public async Task Upload_WithTheSessionBehindTheFile_IsRefused()
    {
        using var response = await Gateway.PostAsync(Path, Raw.Join(Raw.Text(UserId, "mallory"), Raw.Bytes(FileData, File), Raw.Text(SessionId, "s-alice")));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("session-invalid"), "Nobody knows who sends it, and the message has another order");
        Assert.That(Service.Calls, Is.Empty);
    }

    [Test]
    public async Task Upload_WithAWrongSession_ReachesNobody()
    {
        using var response = await Gateway.PostAsync(Path, Raw.Join(Raw.Text(SessionId, "s-nobody"), Raw.Bytes(FileData, File)));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("session-invalid"));
        Assert.That(Service.Calls, Is.Empty);
    }

    [Test]
    public async Task Upload_ThatTheSubServiceRefusesUnread_IsAnsweredAndTheGatewayGoesOn()
    {
        Service.OnRequest = context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "13";
            return Task.CompletedTask;
        };

        for (var round = 0; round < 3; round++)
        {
            using var response = await Gateway.PostAsync(Path, Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File)));

            Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("sub-service-failed"));
        }

        Assert.That(Gateway.Log.Named("CallBroke"), Is.Empty);
    }

    [Test]
    public async Task Upload_WhoseClientHangsUp_EndsTheCallToTheSubService()
    {
        var begun = new TaskCompletionSource();
        var ended = new TaskCompletionSource<bool>();
        Service.OnRequest = context =>
        {
            begun.SetResult();
            return ReadToTheEndAsync(context, ended);
        };
        var message = Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Bytes(FileData, File));
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {message.Length}\r\n\r\n");
            await client.SendAsync(message.AsMemory(0, HalfSize));
            await begun.Task.DefaultTimeout();
        }

        Assert.That(await ended.Task.DefaultTimeout(), Is.False, "The sub-service was given a whole message");
        Assert.That(Gateway.Log.Named("CallBroke"), Is.Empty);
    }

    /// <summary>Tells whether the body came to its end.</summary>
    private static async Task ReadToTheEndAsync(HttpContext context, TaskCompletionSource<bool> ended)
    {
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            ended.SetResult(true);
        }
        catch (IOException)
        {
            ended.SetResult(false);
        }
        catch (OperationCanceledException)
        {
            ended.SetResult(false);
        }
    }
}
