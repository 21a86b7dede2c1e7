using System.Threading.Channels;
using Gateway.Tests.Support;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>Whether a call whose connection ends may have reached the instance: that is known by what was written.</summary>
[TestFixture]
internal sealed class UnsentCallTests : UpstreamTest
{
    [Test]
    public async Task ConnectionEnds_BeforeTheRequestWasWritten_TheCallMayGoOutAgain()
    {
        await using var stream = new HeldStream();
        var sut = await StartAsync(stream);
        await stream.Writing.Task.DefaultTimeout();
        Assert.That(sut.TryReserve(), Is.True);
        await using var call = sut.Send(RequestOf([]), CancellationToken.None);

        stream.Sent.Writer.Complete();

        var failure = await FailureOf(call.ReadAsync(CancellationToken.None).AsTask());
        Assert.That((failure.IsReplayable, failure.Verdict.Reach), Is.EqualTo((true, Reach.NotSent)));
        stream.GoOn.SetResult();
    }

    [Test]
    public async Task ConnectionEnds_AfterTheRequestWasWritten_TheCallMayNot()
    {
        await using var stream = new HeldStream();
        stream.GoOn.SetResult();
        var sut = await StartAsync(stream);
        Assert.That(sut.TryReserve(), Is.True);
        await using var call = sut.Send(RequestOf(new byte[1000]), CancellationToken.None);
        await Eventually.That(() => stream.Written > 1000);

        stream.Sent.Writer.Complete();

        var failure = await FailureOf(call.ReadAsync(CancellationToken.None).AsTask());
        Assert.That((failure.IsReplayable, failure.Verdict.Reach), Is.EqualTo((false, Reach.PerhapsSent)));
    }

    private async Task<Http2Connection> StartAsync(HeldStream stream)
    {
        var connection = new Http2Connection(stream, new RequestHeaders(new Uri("http://sub")), Settings, new PingInterval(null), Time);
        connection.Start(static _ => { });
        await stream.Sent.Writer.WriteAsync(Http2Bytes.Frame(Http2FrameType.Settings, 0, 0));
        await connection.Greeted.DefaultTimeout();
        return connection;
    }

    /// <summary>The client's side of a connection whose first write takes as long as a test likes.</summary>
    private sealed class HeldStream : MemoryStream
    {
        private long _written;

        public Channel<byte[]> Sent { get; } = Channel.CreateUnbounded<byte[]>();

        public TaskCompletionSource Writing { get; } = Gate();

        public TaskCompletionSource GoOn { get; } = Gate();

        public long Written => Interlocked.Read(ref _written);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!await Sent.Reader.WaitToReadAsync(cancellationToken) || !Sent.Reader.TryRead(out var bytes))
            {
                return 0;
            }

            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writing.TrySetResult();
            await GoOn.Task;
            Interlocked.Add(ref _written, buffer.Length);
        }
    }
}
