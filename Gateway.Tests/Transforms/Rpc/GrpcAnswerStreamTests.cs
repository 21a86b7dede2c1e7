using System.IO.Pipelines;
using Gateway.Tests.Support;
using Gateway.Transforms.Rpc;

namespace Gateway.Tests.Transforms.Rpc;

/// <summary>Whoever has read a message to its end has a good answer: the status comes first, however late it comes.</summary>
[TestFixture]
internal sealed class GrpcAnswerStreamTests
{
    private static readonly byte[] Message = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly byte[] _buffer = new byte[64];
    private Pipe _body = null!;
    private HttpResponseMessage _response = null!;

    [SetUp]
    public void SetUp()
    {
        _body = new Pipe();
        _response = new HttpResponseMessage { Content = new StreamContent(_body.Reader.AsStream()) };
    }

    [TearDown]
    public void TearDown() => _response.Dispose();

    [Test]
    public async Task Read_WholeMessage_WaitsForTheStatus()
    {
        await using var sut = await OpenAsync(Message);

        var reading = sut.ReadAsync(_buffer).AsTask();
        Assert.That(reading.IsCompleted, Is.False, "The end was given out before the status");
        End("0");

        Assert.That(_buffer[..await reading.DefaultTimeout()], Is.EqualTo(Message));
        Assert.That(await sut.ReadAsync(_buffer).DefaultTimeout(), Is.Zero);
    }

    [TestCase("13")]
    [TestCase("14")]
    [TestCase("")]
    [TestCase(null)]
    public async Task Read_WholeMessageWithABadStatusBehindIt_NeverGivesOutTheEnd(string? status)
    {
        await using var sut = await OpenAsync(Message);

        var reading = sut.ReadAsync(_buffer).AsTask();
        Assert.That(reading.IsCompleted, Is.False, "The end was given out before the status");
        End(status);

        Assert.That(() => reading.DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    [Test]
    public async Task Read_ByteForByte_HoldsTheLastOneBack()
    {
        await using var sut = await OpenAsync(Message);
        for (var i = 1; i < Message.Length; i++)
        {
            Assert.That(await sut.ReadAsync(_buffer.AsMemory(0, 1)).DefaultTimeout(), Is.EqualTo(1));
        }

        var last = sut.ReadAsync(_buffer.AsMemory(0, 1)).AsTask();
        Assert.That(last.IsCompleted, Is.False, "The end was given out before the status");
        End("13");

        Assert.That(() => last.DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    [Test]
    public async Task Open_EmptyMessage_WaitsForTheStatus()
    {
        await WriteAsync([]);
        var opening = GrpcAnswerStream.OpenAsync(_response, CancellationToken.None).AsTask();

        Assert.That(opening.IsCompleted, Is.False, "An answer was opened before its status");
        End("13");

        Assert.That(() => opening.DefaultTimeout(), Throws.InstanceOf<AnswerException>());
    }

    [Test]
    public async Task Read_SecondMessage_IsRefused()
    {
        await using var sut = await OpenAsync([.. Message]);
        await _body.Writer.WriteAsync(new byte[] { 0 });
        End("0");

        Assert.That(async () => await sut.ReadAsync(_buffer), Throws.InstanceOf<AnswerException>());
    }

    private async Task<GrpcAnswerStream> OpenAsync(byte[] message)
    {
        await WriteAsync(message);
        return await GrpcAnswerStream.OpenAsync(_response, CancellationToken.None).DefaultTimeout();
    }

    private async Task WriteAsync(byte[] message) => await _body.Writer.WriteAsync(StubSubService.Frame(message));

    private void End(string? status)
    {
        if (status is not null)
        {
            _response.TrailingHeaders.TryAddWithoutValidation("grpc-status", status);
        }

        _body.Writer.Complete();
    }
}
