using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>The whole message comes first, and that the call has failed only later: no client may take it for an answer meanwhile.</summary>
[TestFixture]
internal sealed class LateStatusTests
{
    // Not idempotent, so that the outcome is that of one attempt.
    private const string Path = "/service/user/set_nickname";
    private const string OtherPath = "/service/user/username_login";

    /// <summary>More than is held, so that it is streamed; it comes in two parts that fit into HTTP/2's window of 65,535 bytes each.</summary>
    private const int LargeLength = 100_000;

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private FrameSubService _service = null!;
    private GatewayFixture _gateway = null!;
    private TaskCompletionSource<(FrameConnection Connection, int Stream)> _asked = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _asked = new TaskCompletionSource<(FrameConnection, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _service = new FrameSubService
        {
            // The first call is answered by the test, all others at once.
            OnRequest = (connection, stream) => _asked.TrySetResult((connection, stream)) ? Task.CompletedTask : connection.AnswerAsync(stream, []),
        };
        _gateway = await GatewayFixture.StartAsync(_service.Address);
        _gateway.Sessions.Set("s-alice", "alice");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    [TestCase("13")]
    [TestCase("14")]
    [TestCase(null)]
    public async Task Answer_LargeAndWhole_ItsEndIsHeldBackUntilTheStatus(string? status)
    {
        var message = Answer(LargeLength);
        var frame = StubSubService.Frame(message);
        var asking = AskAsync();
        var (connection, stream) = await _asked.Task.DefaultTimeout();
        await connection.BeginAnswerAsync(stream);
        await SendAsync(connection, stream, frame.AsMemory(0, LargeLength / 2));
        using var response = await asking.DefaultTimeout();
        var answer = await response.Content.ReadAsStreamAsync();
        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(message.Length));
        var sent = (LargeLength / 2) - 5;
        await answer.ReadExactlyAsync(new byte[sent]).AsTask().DefaultTimeout();

        // All but one byte goes through at once, the last one stays behind.
        await SendAsync(connection, stream, frame.AsMemory((LargeLength / 2)..^1));
        await answer.ReadExactlyAsync(new byte[message.Length - 1 - sent]).AsTask().DefaultTimeout();
        await SendAsync(connection, stream, frame.AsMemory(frame.Length - 1));
        var end = answer.ReadAsync(new byte[1]).AsTask();
        await OthersAreServedAsync();
        Assert.That(end.IsCompleted, Is.False, "The client was given the end before the status had come");
        await EndAsync(connection, stream, status);

        Assert.That(() => end.DefaultTimeout(), Throws.InstanceOf<IOException>(), "The client was given the end of a call that failed");
        await Eventually.That(() => _gateway.Log.Named("CallFailed").Count == 1);
    }

    /// <summary>The client has been given nothing yet, so it can be given an error that it is able to read.</summary>
    [Test]
    public async Task Answer_LargeAndFailedBeforeItsFirstByte_IsAReadableError()
    {
        var asking = AskAsync();
        var (connection, stream) = await _asked.Task.DefaultTimeout();
        await connection.BeginAnswerAsync(stream);
        await SendAsync(connection, stream, StubSubService.Frame(Answer(LargeLength)).AsMemory(0, 5));
        await OthersAreServedAsync();

        await EndAsync(connection, stream, "13");

        using var response = await asking.DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("sub-service-failed"));
        Assert.That((await GatewayFixture.ParseAsync<GetUserInfoRsp>(response)).Errmsg, Is.Not.Empty);
    }

    [TestCase("13", "sub-service-failed")]
    [TestCase("14", "no-instance")]
    [TestCase(null, "sub-service-failed")]
    public async Task Answer_SmallAndWhole_IsHeldBackUntilTheStatus(string? status, string code)
    {
        var asking = AskAsync();
        var (connection, stream) = await _asked.Task.DefaultTimeout();
        await connection.BeginAnswerAsync(stream);
        await SendAsync(connection, stream, StubSubService.Frame(Answer(100)));
        await OthersAreServedAsync();
        Assert.That(asking.IsCompleted, Is.False, "The client was answered before the status had come");

        await EndAsync(connection, stream, status);

        using var response = await asking.DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
        Assert.That((await GatewayFixture.ParseAsync<GetUserInfoRsp>(response)).Success, Is.False);
    }

    [TestCase(100)]
    [TestCase(LargeLength)]
    public async Task Answer_WithAGoodStatusThatComesLate_IsWhole(int length)
    {
        var message = Answer(length);
        var frame = StubSubService.Frame(message);
        var early = (frame.Length / 2) - 5;
        var asking = AskAsync();
        var (connection, stream) = await _asked.Task.DefaultTimeout();
        await connection.BeginAnswerAsync(stream);
        await SendAsync(connection, stream, frame.AsMemory(0, frame.Length / 2));
        var answer = new byte[message.Length];
        if (length == LargeLength)
        {
            await (await (await asking.DefaultTimeout()).Content.ReadAsStreamAsync()).ReadExactlyAsync(answer.AsMemory(0, early)).AsTask().DefaultTimeout();
        }

        await SendAsync(connection, stream, frame.AsMemory(frame.Length / 2));
        await OthersAreServedAsync();
        await EndAsync(connection, stream, "0");

        using var response = await asking.DefaultTimeout();
        var body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(answer.AsMemory(length == LargeLength ? early : 0)).AsTask().DefaultTimeout();
        Assert.That(answer, Is.EqualTo(message));
        Assert.That(await body.ReadAsync(new byte[1]).DefaultTimeout(), Is.Zero);
    }

    /// <summary>As many bytes as that, give or take a few for what stands around the value.</summary>
    private static byte[] Answer(int length) =>
        new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(new byte[length - 20]) } }.ToByteArray();

    private async Task<HttpResponseMessage> AskAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new ByteArrayContent(Alice) };
        return await _gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Calls of others go the whole way on the same connection meanwhile, behind what has been sent to it.</summary>
    private async Task OthersAreServedAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            using var response = await _gateway.PostAsync(OtherPath, []).DefaultTimeout();
            Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        }

        Assert.That(_service.Connections, Is.EqualTo(1));
    }

    private static async Task SendAsync(FrameConnection connection, int stream, ReadOnlyMemory<byte> bytes)
    {
        for (var rest = bytes; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, Http2Bytes.MaxFrame)..])
        {
            await connection.DataAsync(stream, rest[..Math.Min(rest.Length, Http2Bytes.MaxFrame)].ToArray());
        }
    }

    /// <param name="connection">The connection.</param>
    /// <param name="stream">The call.</param>
    /// <param name="status">Null for trailers without one.</param>
    private static Task EndAsync(FrameConnection connection, int stream, string? status) =>
        connection.HeadersAsync(stream, isEnd: true, status is null ? ("other", "x") : ("grpc-status", status));
}
