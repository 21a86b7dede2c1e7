using System.Net.Sockets;
using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Clients that keep what they have hold of by being slow: each is let go of when its time is over, and what it held is free.</summary>
[TestFixture]
internal sealed class SlowClientTests : HostileTest
{
    private const string UploadPath = "/service/file/put_single_file";
    private const int Announced = 4 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Gateway:Limits:RequestHeadersTimeout"] = "00:00:01",
        ["Gateway:Limits:KeepAliveTimeout"] = "00:00:01",
        ["Gateway:Limits:MinDataRate"] = "1048576",
        ["Gateway:Limits:MinDataRateGrace"] = "00:00:02",
    };

    [Test]
    public async Task Connection_WithoutAByte_IsClosed()
    {
        using var client = await ConnectAsync();

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [TestCase("POST /service/user/get_user_in", "f")]
    [TestCase("POST /service/user/get_user_info HTTP/1.1\r\nHost: gateway\r\n", "X-A: a\r\n")]
    public async Task Head_ByteAfterByte_Is408AndTheConnectionClosed(string beginning, string more)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(beginning);

        var answer = await TrickleAsync(client, Encoding.ASCII.GetBytes(more));

        Assert.That(answer, Does.StartWith("HTTP/1.1 408 "));
    }

    [Test]
    public async Task Body_ByteAfterByte_IsABadRequestAndTheConnectionClosed()
    {
        using var client = await ConnectAsync();
        await client.SendAsync($"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {Announced}\r\n\r\n");
        await client.SendAsync(Alice);

        var answer = await TrickleAsync(client, [0]);

        Assert.That(answer, Does.Contain("x-gateway-error: bad-request"));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [Test]
    public async Task Upload_ByteAfterByte_IsABadRequestAndFreesTheSubService()
    {
        var upload = new PutSingleFileReq { RequestId = "r1", SessionId = "s-alice", FileData = new FileUploadData { FileContent = ByteString.CopyFrom(new byte[Announced]) } }.ToByteArray();
        using var client = await ConnectAsync();
        await client.SendAsync($"POST {UploadPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {upload.Length}\r\n\r\n");
        await client.SendAsync(upload.AsMemory(0, upload.Length / 2));
        await Eventually.That(() => Service.OpenCalls == 1, "what has come is passed on");

        var answer = await TrickleAsync(client, [0]);

        Assert.That(answer, Does.Contain("x-gateway-error: bad-request"));
        Assert.That(Calls, Is.Empty, "The sub-service was given a whole message");
    }

    [Test]
    public async Task LargeAnswer_NotRead_FreesTheSubService()
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0x40, 0, 0, 0 });
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[100_000]);
            }
        };
        using var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync(Gateway.Address.Host, Gateway.Address.Port);

        await tcp.GetStream().WriteAsync(Wire(Post(GetUserInfoPath, Alice)));

        await Eventually.That(() => Service.OpenCalls == 1);
        await Eventually.That(() => Service.OpenCalls == 0, "the sub-service is free");
        await Eventually.That(() => OpenConnections.Of(Gateway.Urls) == 0, "the connection is cut");
    }

    /// <summary>Sends the same again and again, until the other side has had enough; returns what it said.</summary>
    private static async Task<string> TrickleAsync(RawClient client, byte[] piece)
    {
        var answer = client.ReadToEndAsync();
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(answer, Task.Delay(Pause));
            await client.TrySendAsync(piece);
        }

        return await answer;
    }
}
