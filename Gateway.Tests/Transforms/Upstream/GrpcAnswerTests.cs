using Gateway.Tests.Support;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>Whoever has read a message to its end has a good answer: the status comes first, however late it comes.</summary>
[TestFixture]
internal sealed class GrpcAnswerTests : UpstreamTest
{
    private static readonly byte[] Message = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly byte[] _buffer = new byte[64];
    private TaskCompletionSource<FrameConnection> _begun = null!;
    private FrameConnection _connection = null!;

    [SetUp]
    public void Forget() => _begun = new TaskCompletionSource<FrameConnection>(TaskCreationOptions.RunContinuationsAsynchronously);

    [Test]
    public async Task Read_WholeMessage_WaitsForTheStatus()
    {
        await using var sut = await OpenAsync();

        var reading = sut.ReadAsync(_buffer).AsTask();
        await HeardAsync();
        Assert.That(reading.IsCompleted, Is.False, "The end was given out before the status");
        await EndAsync("0");

        Assert.That(_buffer[..await reading.DefaultTimeout()], Is.EqualTo(Message));
        Assert.That(await sut.ReadAsync(_buffer).DefaultTimeout(), Is.Zero);
    }

    [TestCase("13")]
    [TestCase("14")]
    [TestCase("")]
    [TestCase(null)]
    public async Task Read_WholeMessageWithABadStatusBehindIt_NeverGivesOutTheEnd(string? status)
    {
        await using var sut = await OpenAsync();

        var reading = sut.ReadAsync(_buffer).AsTask();
        await HeardAsync();
        Assert.That(reading.IsCompleted, Is.False, "The end was given out before the status");
        await EndAsync(status);

        Assert.That(() => reading.DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    [Test]
    public async Task Read_ByteForByte_HoldsTheLastOneBack()
    {
        await using var sut = await OpenAsync();
        for (var i = 1; i < Message.Length; i++)
        {
            Assert.That(await sut.ReadAsync(_buffer.AsMemory(0, 1)).DefaultTimeout(), Is.EqualTo(1));
        }

        var last = sut.ReadAsync(_buffer.AsMemory(0, 1)).AsTask();
        await HeardAsync();
        Assert.That(last.IsCompleted, Is.False, "The end was given out before the status");
        await EndAsync("13");

        Assert.That(() => last.DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    [Test]
    public async Task Open_EmptyMessage_WaitsForTheStatus()
    {
        Service.OnRequest = BeginAsync([]);
        var opening = Sut.CallAsync(RequestOf([]), CancellationToken.None).AsTask();
        _connection = await _begun.Task.DefaultTimeout();

        await HeardAsync();
        Assert.That(opening.IsCompleted, Is.False, "An answer was opened before its status");
        await EndAsync("13");

        await FailureOf(opening);
    }

    [Test]
    public async Task Read_SecondMessage_IsRefused()
    {
        await using var sut = await OpenAsync();
        await _connection.DataAsync(1, [0]);
        await EndAsync("0");

        Assert.That(async () => await sut.ReadAsync(_buffer).DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    private async Task<Stream> OpenAsync()
    {
        Service.OnRequest = BeginAsync(Message);
        var answer = await Sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout();
        _connection = await _begun.Task.DefaultTimeout();
        return answer.Message;
    }

    private Func<FrameConnection, int, Task> BeginAsync(byte[] message) => async (connection, stream) =>
    {
        await connection.BeginAnswerAsync(stream);
        await connection.DataAsync(stream, StubSubService.Frame(message));
        _begun.SetResult(connection);
    };

    /// <summary>All that was sent so far has been read: a ping behind it was answered.</summary>
    private async Task HeardAsync()
    {
        var heard = Gate();
        _connection.OnFrame = frame =>
        {
            if (frame.Type == Http2FrameType.Ping && (frame.Flags & Http2Bytes.Ack) != 0)
            {
                heard.TrySetResult();
            }
        };
        await _connection.WriteAsync(Http2FrameType.Ping, 0, 0, new byte[8]);
        await heard.Task.DefaultTimeout();
    }

    private Task EndAsync(string? status) => status is null
        ? _connection.WriteAsync(Http2FrameType.Data, Http2Bytes.EndStream, 1, [])
        : _connection.HeadersAsync(1, isEnd: true, ("grpc-status", status));
}
