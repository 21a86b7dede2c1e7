using System.Threading.Channels;
using Gateway.Tests.Support;
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

    [Test]
    public async Task WriteFails_WhatThePeerHadSentSaysWhichCallsItTook()
    {
        await using var stream = new HeldStream();
        var sut = await StartAsync(stream);
        await stream.Writing.Task.DefaultTimeout();
        Assert.That(sut.TryReserve() && sut.TryReserve(), Is.True);
        await using var taken = sut.Send(RequestOf([]), CancellationToken.None);
        await using var refused = sut.Send(RequestOf([]), CancellationToken.None);
        var (ofTaken, ofRefused) = (FailureOf(taken.ReadAsync(CancellationToken.None).AsTask()), FailureOf(refused.ReadAsync(CancellationToken.None).AsTask()));
        stream.FailAt = 2;
        stream.GoOn.SetResult();
        await Eventually.That(() => !sut.IsOpen);

        // It was on its way, and is read after the write has failed.
        await stream.Sent.Writer.WriteAsync(Http2Bytes.Frame(Http2FrameType.GoAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 11));
        stream.Sent.Writer.Complete();

        Assert.That(((await ofRefused).IsReplayable, (await ofRefused).Verdict.Reach), Is.EqualTo((true, Reach.NotSent)));
        Assert.That(((await ofTaken).IsReplayable, (await ofTaken).Verdict.Reach), Is.EqualTo((false, Reach.PerhapsSent)));
        Assert.That((await ofTaken).Message, Is.EqualTo("Connection reset by peer"), "not merely that the connection has ended");
        await Eventually.That(() => sut.IsClosed);
    }

    [Test]
    public async Task WriteFails_PeerStaysSilent_TheCallEndsSoon()
    {
        await using var stream = new HeldStream { FailAt = 2 };
        var sut = await StartAsync(stream);
        await stream.Writing.Task.DefaultTimeout();
        Assert.That(sut.TryReserve(), Is.True);
        await using var call = sut.Send(RequestOf([]), CancellationToken.None);
        stream.GoOn.SetResult();
        await Eventually.That(() => !sut.IsOpen);

        var end = FailureOf(call.ReadAsync(CancellationToken.None).AsTask());
        await Eventually.That(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return end.IsCompleted;
        });

        Assert.That((await end).Verdict.Reach, Is.EqualTo(Reach.PerhapsSent));
    }

    [Test]
    public async Task Peer_ThatTakesNothing_GetsNoMoreCallsAndIsGivenUp()
    {
        const int Most = 200;
        await using var stream = new HeldStream();
        var sut = await StartAsync(stream);
        await stream.SendAsync(Http2Bytes.Frame(Http2FrameType.WindowUpdate, 0, 0, Http2Bytes.Number(16 << 20)));
        await stream.Writing.Task.DefaultTimeout();

        // Whoever gives up leaves his request behind.
        var calls = 0;
        for (; calls < Most && sut.TryReserve(); calls++)
        {
            await sut.Send(RequestOf(new byte[8000]), CancellationToken.None).DisposeAsync();
        }

        Assert.That((calls < Most, sut.IsBarred), Is.EqualTo((true, true)));
        Time.Advance(TimeSpan.FromSeconds(21));
        sut.Tick(TimeSpan.FromMinutes(1));
        Assert.That(sut.IsClosed, Is.True);
        stream.GoOn.SetResult();
    }

    [Test]
    public async Task Peer_ThatTakesAllInTheEnd_GetsCallsAgain()
    {
        await using var stream = new HeldStream();
        var sut = await StartAsync(stream);
        await stream.Writing.Task.DefaultTimeout();
        while (sut.TryReserve())
        {
            await sut.Send(RequestOf(new byte[8000]), CancellationToken.None).DisposeAsync();
        }

        stream.GoOn.SetResult();
        await Eventually.That(() => stream.Written > 60_000);
        Time.Advance(TimeSpan.FromSeconds(1));
        sut.Tick(TimeSpan.FromMinutes(1));

        await Eventually.That(sut.TryReserve);
        sut.Release();
        sut.Retire();
    }

    [Test]
    public async Task Upload_EndsWhileItsWindowIsNegative_Ends()
    {
        const int Window = 1 << 20;
        await using var stream = new HeldStream();
        var sut = await StartAsync(stream, (InitialWindow, Window));
        await stream.SendAsync(Http2Bytes.Frame(Http2FrameType.WindowUpdate, 0, 0, Http2Bytes.Number(Window)));
        await stream.Writing.Task.DefaultTimeout();
        Assert.That(sut.TryReserve(), Is.True);

        // So much waits to be written that the end of the request has to wait as well.
        await using var call = sut.Send(RequestOf(new byte[OutputQueue.HighWater]), CancellationToken.None);
        Assert.That(call.RequestEnd, Is.EqualTo(long.MaxValue));
        await stream.Sent.Writer.WriteAsync(Http2Bytes.Frame(Http2FrameType.Settings, 0, 0, 0, 4, 0, 0, 0, 0));
        await Eventually.That(() => stream.Sent.Reader.Count == 0);
        stream.GoOn.SetResult();

        await Eventually.That(() => call.RequestEnd < long.MaxValue);
        sut.Retire();
    }

    private async Task<Http2Connection> StartAsync(HeldStream stream, params (ushort Id, int Value)[] settings)
    {
        var connection = new Http2Connection(stream, new RequestHeaders(new Uri("http://sub")), Settings, new PingInterval(null), Time);
        connection.Start(static _ => { });
        byte[] payload = [.. settings.SelectMany(setting => (byte[])[0, (byte)setting.Id, .. Http2Bytes.Number(setting.Value)])];
        await stream.SendAsync(Http2Bytes.Frame(Http2FrameType.Settings, 0, 0, payload));
        await connection.Greeted.DefaultTimeout();
        return connection;
    }

    /// <summary>The client's side of a connection whose first write takes as long as a test likes.</summary>
    private sealed class HeldStream : MemoryStream
    {
        private long _written;
        private int _sent;
        private int _given;
        private int _read;
        private int _writes;

        public Channel<byte[]> Sent { get; } = Channel.CreateUnbounded<byte[]>();

        public TaskCompletionSource Writing { get; } = Gate();

        public TaskCompletionSource GoOn { get; } = Gate();

        /// <summary>From which write on they fail, counted from one; zero for never.</summary>
        public int FailAt { get; set; }

        public long Written => Interlocked.Read(ref _written);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Volatile.Write(ref _read, _given);
            if (!await Sent.Reader.WaitToReadAsync(cancellationToken) || !Sent.Reader.TryRead(out var bytes))
            {
                return 0;
            }

            bytes.CopyTo(buffer);
            _given++;
            return bytes.Length;
        }

        /// <summary>Sends bytes, and returns when they have been read and acted on.</summary>
        public async Task SendAsync(byte[] bytes)
        {
            await Sent.Writer.WriteAsync(bytes);
            _sent++;
            await Eventually.That(() => Volatile.Read(ref _read) >= _sent);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writing.TrySetResult();
            await GoOn.Task;
            if (FailAt > 0 && ++_writes >= FailAt)
            {
                throw new IOException("Connection reset by peer");
            }

            Interlocked.Add(ref _written, buffer.Length);
        }
    }
}
