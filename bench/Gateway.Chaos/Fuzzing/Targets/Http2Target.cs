using System.Buffers;
using System.Security.Authentication;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;
using Gateway.Transforms.Verdicts;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// What a sub-service sends on a connection on which a few calls are under way. However it is divided, each call has the same answer, or none,
/// as for a plainer reader, and both read to the same end.
/// </summary>
internal sealed class Http2Target : IFuzzTarget
{
    private const int Calls = 4;

    /// <summary>Nothing here waits for anybody, so this is never reached.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly UpstreamSettings Settings = new(
        PingInterval: null, PingTimeout: TimeSpan.FromSeconds(20), StreamWindow: 1 << 20, MaxConnections: 1, SslProtocols.None, TrustsAnyCertificate: false, UpstreamTls.None);

    private static readonly UpstreamRequest Request = new("/a.B/C", ReadOnlySequence<byte>.Empty, Remainder: null, Timeout: null, Authority: null, Headers: []);

    private readonly RequestHeaders _headers = new(new Uri("http://localhost"));

    public string Name => "http2";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        var plain = PlainHttp2Reader.Read(input, Calls);
        EnsureReadAlike(plain, [input], "whole");
        EnsureReadAlike(plain, Pieces.Of(input, dice), "divided");
        return plain.IsReadable;
    }

    private void EnsureReadAlike(PlainHttp2Reader plain, IEnumerable<ReadOnlyMemory<byte>> pieces, string how)
    {
        using var peer = new PeerStream(pieces);
        var clock = new SteppedClock();
        var connection = new Http2Connection(peer, _headers, Settings, new PingInterval(null), clock);
        var calls = Enumerable.Range(0, Calls).Select(_ => Begin(connection)).ToArray();

        // The peer has all its bytes ready, so they are read before this returns.
        connection.Start(static _ => { });

        for (var i = 0; i < Calls; i++)
        {
            var (answer, expected) = (AnswerOf(calls[i]), plain.AnswerOf((2 * i) + 1));
            DisagreementException.Unless(
                answer is null ? expected is null : expected is not null && answer.AsSpan().SequenceEqual(expected),
                $"{how}, call {i} has {Describe(answer)}, plainly {Describe(expected)}");
        }

        DisagreementException.Unless(
            plain.EndsInABlock || peer.IsReadToTheEnd == plain.IsReadable,
            $"{how}, it is{(peer.IsReadToTheEnd ? "" : " not")} read to its end, plainly it is{(plain.IsReadable ? "" : " not")}");
        // Nobody says that resets have been read: time frees the places of calls that were reset.
        clock.Step();
        connection.FreeOverduePlaces();
        DisagreementException.Unless(peer.Closed.Wait(Limit) && connection is { IsClosed: true, Reserved: 0 }, $"{how}, the connection does not end, or keeps a call");
    }

    private static UpstreamCall Begin(Http2Connection connection)
    {
        DisagreementException.Unless(connection.TryReserve(), "there is no place for a call");
        return connection.Send(Request, CancellationToken.None);
    }

    /// <summary>The message; null when the call fails in the way that is meant for it.</summary>
    private static byte[]? AnswerOf(UpstreamCall call)
    {
        try
        {
            return Now(new ValueTask<byte[]>(ReadAsync(Now(GrpcAnswer.OpenAsync((Http2Call)call, onHeaders: null, CancellationToken.None)))));
        }
        catch (Exception exception) when (exception is AnswerException or InvalidDataException)
        {
            return null;
        }
    }

    private static async Task<byte[]> ReadAsync(Answer answer)
    {
        using var bytes = new MemoryStream();
        await using var message = answer.Message;
        await message.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    /// <summary>The result of what has nothing to wait for.</summary>
    private static T Now<T>(ValueTask<T> task)
    {
        DisagreementException.Unless(task.IsCompleted, "something is waited for on a connection that has ended");
        return task.GetAwaiter().GetResult();
    }

    private static string Describe(byte[]? answer) => answer is null ? "failed" : $"an answer of {answer.Length} bytes";

    /// <summary>Stands still but for a step of a second.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private long _now;

        public void Step() => Volatile.Write(ref _now, TimestampFrequency);

        public override long GetTimestamp() => Volatile.Read(ref _now);
    }

    /// <summary>Sends pieces, takes everything, and closes the connection behind the last piece.</summary>
    private sealed class PeerStream(IEnumerable<ReadOnlyMemory<byte>> pieces) : Stream
    {
        private readonly PieceStream _pieces = new(pieces);

        public ManualResetEventSlim Closed { get; } = new();

        public bool IsReadToTheEnd { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await _pieces.ReadAsync(buffer, cancellationToken);
            IsReadToTheEnd |= read == 0;
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override ValueTask DisposeAsync()
        {
            Closed.Set();
            return base.DisposeAsync();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
