using System.IO.Compression;
using System.Security.Cryptography;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Functional;

/// <summary>Messages of many megabytes, both ways, and what is done with those that are too large.</summary>
[TestFixture]
internal sealed class LargeMessageTests : GatewayTest
{
    private const int FileSize = 64 << 20;

    [Test]
    public async Task PutSingleFile_64MiB_ArrivesIntact()
    {
        var content = Bytes(FileSize);
        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });

        var answer = await Gateway.CallAsync<PutSingleFileRsp>("/service/file/put_single_file", new PutSingleFileReq
        {
            RequestId = "r1",
            SessionId = "s-alice",
            FileData = new FileUploadData { FileName = "f", FileSize = FileSize, FileContent = UnsafeByteOperations.UnsafeWrap(content) },
        });

        Assert.That(answer.Success, Is.True);
        var arrived = PutSingleFileReq.Parser.ParseFrom(Service.LastCall.Message);
        Assert.That(arrived.UserId, Is.EqualTo("alice"));
        Assert.That(Hash(arrived.FileData.FileContent.Span), Is.EqualTo(Hash(content)));
    }

    [Test]
    public async Task GetSingleFile_64MiB_ArrivesIntact()
    {
        var content = Bytes(FileSize);
        Service.Answer(new GetSingleFileRsp
        {
            RequestId = "r1",
            Success = true,
            FileData = new FileDownloadData { FileId = "f", FileContent = UnsafeByteOperations.UnsafeWrap(content) },
        });

        var answer = await Gateway.CallAsync<GetSingleFileRsp>("/service/file/get_single_file", new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(Hash(answer.FileData.FileContent.Span), Is.EqualTo(Hash(content)));
    }

    /// <summary>There the gateway itself takes answers to the socket, and not the server.</summary>
    [Test]
    public async Task GetSingleFile_OnTheWebSocketPort_ArrivesIntact()
    {
        var content = Bytes(FileSize);
        Service.Answer(new GetSingleFileRsp { RequestId = "r1", Success = true, FileData = new FileDownloadData { FileContent = UnsafeByteOperations.UnsafeWrap(content) } });
        using var client = new HttpClient { BaseAddress = new Uri(Gateway.Urls[1]) };
        for (var turn = 0; turn < 2; turn++)
        {
            using var request = new ByteArrayContent(new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
            using var response = await client.PostAsync("/service/file/get_single_file", request).DefaultTimeout();
            var answer = await GatewayFixture.ParseAsync<GetSingleFileRsp>(response);

            Assert.That(Hash(answer.FileData.FileContent.Span), Is.EqualTo(Hash(content)));
        }
    }

    [Test]
    public async Task GetSingleFile_OnTheWebSocketPort_ClientHangsUp_LeavesNothing()
    {
        Service.Answer(new GetSingleFileRsp { RequestId = "r1", Success = true, FileData = new FileDownloadData { FileContent = UnsafeByteOperations.UnsafeWrap(Bytes(FileSize)) } });
        using (var client = await RawClient.ConnectAsync(new Uri(Gateway.Urls[1])))
        {
            await client.PostAsync("/service/file/get_single_file", new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
            await client.ReadBytesAsync(1000);
        }

        await Eventually.That(() => Service.OpenCalls == 0, "the call is over");
        await Eventually.That(() => OpenConnections.Of([Gateway.Urls[1]]) == 0, "its connection is gone");
    }

    [Test]
    public async Task Answer_LargerThanTheClientTakes_WaitsAtTheSubService()
    {
        const int Length = 256 << 20;
        // What flow control lets be under way between the two: the windows of both connections and the buffers of their sockets.
        const int UnderWay = 64 << 20;
        var sent = 0;
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, Length >> 24, 0, 0, 0 });
            for (var piece = new byte[1 << 20]; sent < Length; Volatile.Write(ref sent, sent + piece.Length))
            {
                await context.Response.Body.WriteAsync(piece);
            }

            context.Response.AppendTrailer("grpc-status", "0");
            end.SetResult();
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service/file/get_single_file")
        {
            Content = new ByteArrayContent(new GetSingleFileReq { SessionId = "s-alice" }.ToByteArray()),
        };

        using var response = await Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        // Time to send too much. Less of it can hide a mistake, and never makes one up.
        await Task.WhenAny(end.Task, Task.Delay(500));

        Assert.That(Volatile.Read(ref sent), Is.InRange(1, UnderWay));
        var body = await response.Content.ReadAsStreamAsync();
        var received = 0L;
        for (var buffer = new byte[1 << 20]; await body.ReadAsync(buffer).DefaultTimeout() is var read and > 0; received += read)
        {
            Assert.That(Volatile.Read(ref sent) - received, Is.LessThanOrEqualTo(UnderWay));
        }

        Assert.That(received, Is.EqualTo(Length));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task NewMessage_AnswerLongerThanMayBeHeld_IsASubServiceFailureAndNobodyIsTold(bool isCompressed)
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Rpc:MaxBufferedAnswer"] = "100000" });
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            context.RequestAborted.Register(givenUp.SetResult);
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-encoding"] = "gzip";
            await context.Response.Body.WriteAsync(isCompressed ? StubSubService.Frame(Bomb(), flag: 1) : [0, 0x7F, 0, 0, 0]);
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };

        using var response = await gateway.PostAsync("/service/message_transmit/new_message", new NewMessageReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray()).DefaultTimeout();

        await AssertFailedAsync(response, "sub-service-failed");
        Assert.That(gateway.Published.Notifications, Is.Empty);
        await givenUp.Task.DefaultTimeout();
    }

    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(65_537)]
    [TestCase(1 << 20)]
    public async Task GetUserInfo_AnswerAroundWhatIsHeld_ArrivesIntactWithItsLength(int size)
    {
        // Tag and length before the avatar take 4 bytes up to a length of 2 MiB, and those of user_info around it as many.
        var message = new GetUserInfoRsp { UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(Bytes(size - 8)) } };
        Assert.That(message.CalculateSize(), Is.EqualTo(size));
        Service.Answer(message);

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(size));
        Assert.That(await GatewayFixture.ParseAsync<GetUserInfoRsp>(response), Is.EqualTo(message));
    }

    /// <summary>Few bytes that unpack to a mebibyte.</summary>
    private static byte[] Bomb()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(new byte[1 << 20]);
        }

        return packed.ToArray();
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
