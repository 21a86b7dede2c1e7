using System.Buffers;
using Gateway.Tests.Support;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Transforms.Upstream;

[TestFixture]
internal sealed class MessageContentTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(200_000)]
    public async Task Copy_HttpMessage_IsTheMessage(int length)
    {
        var message = Message(length);
        using var sut = new MessageContent(new ReadOnlySequence<byte>(message), more: null);
        using var stream = new MemoryStream();

        await sut.CopyToAsync(stream);

        Assert.That(stream.ToArray(), Is.EqualTo(message));
        Assert.That(sut.Headers.ContentLength, Is.EqualTo(length));
    }

    [TestCase(3)]
    [TestCase(200_000)]
    public async Task Copy_Again_IsRefused(int length)
    {
        using var sut = new MessageContent(new ReadOnlySequence<byte>(Message(length)), more: null);
        await sut.CopyToAsync(Stream.Null);
        Assert.That(sut.Reach, Is.EqualTo(Reach.PerhapsSent));

        Assert.That(async () => await sut.CopyToAsync(Stream.Null), Throws.InstanceOf<HttpRequestException>());
    }

    [Test]
    public void Copy_Cancelled_IsNotTaken()
    {
        using var sut = new MessageContent(new ReadOnlySequence<byte>(Message(3)), more: null);

        Assert.That(async () => await sut.CopyToAsync(Stream.Null, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(sut.Reach, Is.EqualTo(Reach.NotSent));
    }

    [TestCase(3)]
    [TestCase(200_000)]
    public void Copy_FirstWriteFails_IsNotTaken(int length)
    {
        using var sut = new MessageContent(new ReadOnlySequence<byte>(Message(length)), more: null);
        using var closed = new MemoryStream();
        closed.Dispose();

        Assert.That(async () => await sut.CopyToAsync(closed), Throws.InstanceOf<ObjectDisposedException>().Or.InstanceOf<HttpRequestException>());
        Assert.That(sut.Reach, Is.EqualTo(Reach.NotSent));
    }

    [Test]
    public async Task Dispose_WhileTheSubServiceStillReads_LeavesTheMemoryAlone()
    {
        using var sut = new MessageContent(new ReadOnlySequence<byte>(Message(200_000)), more: null);
        await using var stream = new HaltingStream();
        var copying = sut.CopyToAsync(stream);
        await stream.Reached.Task.DefaultTimeout();

        sut.Dispose();
        stream.GoOn.SetResult();

        Assert.That(async () => await copying.DefaultTimeout(), Throws.InstanceOf<ObjectDisposedException>().Or.InnerException.InstanceOf<ObjectDisposedException>());
        Assert.That(stream.Length, Is.LessThan(200_000));
    }

    /// <summary>A first attempt that has failed may come to the end of the beginning after a second one has begun with the same message.</summary>
    [Test]
    public async Task Dispose_AtTheEndOfTheBeginning_LeavesTheRestToTheNextAttempt()
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream(new byte[100]) } };
        await using var rest = new BodyRemainder(
            new RequestBody(http, budget: null), new MessageWalker(MessageFields.None, 100), length: 100, isExact: true, userId: default, TimeProvider.System);
        using var sut = new MessageContent(new ReadOnlySequence<byte>(Message(10)), rest);
        await using var stream = new HaltingStream();
        var copying = sut.CopyToAsync(stream);
        await stream.Reached.Task.DefaultTimeout();

        sut.Dispose();
        stream.GoOn.SetResult();
        await copying.DefaultTimeout().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(rest.IsStarted, Is.False);
    }

    private static byte[] Message(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    /// <summary>Halts at the first write, as a connection does whose other side reads nothing.</summary>
    private sealed class HaltingStream : MemoryStream
    {
        public TaskCompletionSource Reached { get; } = new();

        public TaskCompletionSource GoOn { get; } = new();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reached.TrySetResult();
            await GoOn.Task;
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
