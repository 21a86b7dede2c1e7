using System.Buffers;
using System.IO.Pipelines;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Brpc;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>A connection whose peer is a pipe.</summary>
[TestFixture]
internal sealed class BrpcConnectionTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private readonly FakeTimeProvider _time = new();
    private Peer _peer = null!;

    [SetUp]
    public void Connect() => _peer = new Peer();

    [TearDown]
    public void Disconnect() => _peer.Dispose();

    [Test]
    public async Task Peer_StopsWithinAnAnswer_TheConnectionEnds()
    {
        var sut = Start(isForOne: false);
        var call = Send(sut);
        await _peer.SendAsync(BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(1), new byte[100])[..50]);
        await call.WaitAsync(CancellationToken.None).AsTask().DefaultTimeout();

        _time.Advance(TimeSpan.FromSeconds(19));
        sut.Tick(Idle);
        Assert.That(sut.IsClosed, Is.False);
        _time.Advance(TimeSpan.FromSeconds(2));
        sut.Tick(Idle);

        Assert.That(sut.IsClosed, Is.True);
        var failure = (await Assert.ThrowsAsync<AnswerException>(() => call.ReadAsync(CancellationToken.None).AsTask()))!;
        Assert.That(failure.Verdict.Kind, Is.EqualTo(VerdictKind.Broken));
        Assert.That(failure.Message, Is.EqualTo("the answer broke off: the sub-service has sent nothing for 20 s, within an answer"));
        await call.DisposeAsync();
    }

    [Test]
    public async Task Peer_SilentBetweenAnswers_TheConnectionStays()
    {
        var sut = Start(isForOne: false);
        var call = Send(sut);
        await _peer.SendAsync(BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(1), []));
        await call.WaitAsync(CancellationToken.None).AsTask().DefaultTimeout();

        _time.Advance(TimeSpan.FromMinutes(1));
        sut.Tick(Idle);

        Assert.That(sut.IsOpen, Is.True);
        await call.DisposeAsync();
    }

    [Test]
    public async Task Client_TakesNothing_AConnectionForOneIsNotRead_AndNobodyIsBlamed()
    {
        const int Length = 8 << 20;
        var sut = Start(isForOne: true);
        var call = Send(sut);
        var sending = _peer.SendAsync(BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(1), new byte[Length]));
        await Eventually.That(() => call.Untaken > 1 << 20);

        _time.Advance(TimeSpan.FromMinutes(1));
        sut.Tick(Idle);

        Assert.That(sut.IsOpen, Is.True);
        Assert.That(call.Untaken, Is.LessThan(2 << 20));
        Assert.That(sending.IsCompleted, Is.False);
        await using var answer = new BrpcAnswer(call);
        Assert.That(await ReadToEndAsync(answer), Is.EqualTo(Length));
        await sending.DefaultTimeout();
    }

    [Test]
    public async Task Call_GivenUp_FreesItsPlace_AndItsAnswerIsPassedOver()
    {
        var sut = Start(isForOne: false);
        var first = Send(sut);
        await first.DisposeAsync();
        Assert.That(sut.Reserved, Is.Zero);

        var second = Send(sut);
        await _peer.SendAsync(BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(1), [1]));
        await _peer.SendAsync(BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(2), [2]));
        await second.WaitAsync(CancellationToken.None).AsTask().DefaultTimeout();
        var message = new byte[2];
        await using var answer = new BrpcAnswer(second);

        Assert.That(await answer.ReadAsync(message), Is.EqualTo(1));
        Assert.That(message[0], Is.EqualTo(2));
    }

    [Test]
    public async Task CallForOne_GivenUp_EndsTheConnection()
    {
        var sut = Start(isForOne: true);

        await Send(sut).DisposeAsync();

        Assert.That(sut.IsClosed, Is.True);
    }

    private BrpcConnection Start(bool isForOne)
    {
        var connection = new BrpcConnection(_peer, new BrpcMethods(), _time, isForOne);
        connection.Start(_ => { });
        return connection;
    }

    private static BrpcCall Send(BrpcConnection connection)
    {
        Assert.That(connection.TryReserve(), Is.True);
        return (BrpcCall)connection.Send(new UpstreamRequest("/a.B/C", ReadOnlySequence<byte>.Empty, null, null, null, []), CancellationToken.None);
    }

    private static async Task<long> ReadToEndAsync(BrpcAnswer answer)
    {
        var buffer = new byte[64 << 10];
        long length = 0;
        for (int read; (read = await answer.ReadAsync(buffer).AsTask().DefaultTimeout()) > 0; length += read)
        {
        }

        return length;
    }

    /// <summary>Holds what is sent up until it is read, and takes whatever comes.</summary>
    private sealed class Peer : ReadOnlyStream
    {
        private readonly Pipe _pipe = new();

        public async Task SendAsync(byte[] bytes) => await _pipe.Writer.WriteAsync(bytes);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _pipe.Reader.AsStream(leaveOpen: true).ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}
