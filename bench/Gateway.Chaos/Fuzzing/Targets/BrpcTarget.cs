using System.Buffers;
using System.Text;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Brpc;
using Gateway.Transforms.Wire;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// What a sub-service sends by baidu_std while calls are under way. However it is divided, each call ends as a plainer reader of the whole says, and
/// the connection is refused for the same reason.
/// </summary>
internal sealed class BrpcTarget : IFuzzTarget
{
    private const int Calls = 5;

    /// <summary>The call that asks for what is added to its answer.</summary>
    private const int WithFields = 2;

    /// <summary>The most bytes that are held of an answer.</summary>
    private const int MaxMessage = 64 << 10;

    private static readonly BrpcMethods Methods = new();

    public string Name => "brpc";

    public IReadOnlyList<byte[]> Words { get; } =
    [
        "PRPC"u8.ToArray(), "PRPC\0\0\0\u0004\0\0\0\u0004\u0012\0\u0020\u0001"u8.ToArray(), "\u0020\u0001"u8.ToArray(), "\u0020\u0002"u8.ToArray(), "\u0012\0"u8.ToArray(), "\u0012\u0002\u0008\u0005"u8.ToArray(),
        "\u0018\u0001"u8.ToArray(), "\u0028\u0002"u8.ToArray(), "\u004A\u0006\u000A\u0001a\u0012\u0001b"u8.ToArray(), [0x4A, 0x00], [0x0B], [0x0C],
    ];

    public bool Accepts(byte[] input, Dice dice)
    {
        var expected = PlainBrpcReader.Read(input, Calls, WithFields);
        var whole = Read([input]);
        DisagreementException.Unless(IsAlike(whole, expected), $"whole it is read as {whole}, plainly as {expected}");
        var divided = Read(Pieces.Of(input, dice));
        DisagreementException.Unless(IsAlike(divided, expected), $"divided it is read as {divided}, plainly as {expected}");
        return !expected.IsRefused && expected.Ends.Any(end => end.StartsWith(BrpcEnds.Answer, StringComparison.Ordinal));
    }

    /// <summary>That the connection was refused is told by the calls that it ends, if there are any.</summary>
    private static bool IsAlike(BrpcEnds read, BrpcEnds expected) =>
        read.Ends.SequenceEqual(expected.Ends) && (read.IsRefused == expected.IsRefused || !expected.Ends.Contains(BrpcEnds.Over));

    private static BrpcEnds Read(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var connection = new BrpcConnection(new Peer(pieces), Methods, TimeProvider.System, isForOne: false);
        var calls = new BrpcCall[Calls];
        for (var i = 0; i < Calls; i++)
        {
            DisagreementException.Unless(connection.TryReserve(), "a new connection has no room");
            calls[i] = (BrpcCall)connection.Send(
                new UpstreamRequest("/package.Service/Method", ReadOnlySequence<byte>.Empty, null, null, null, [], i + 1 == WithFields ? _ => default : null), CancellationToken.None);
        }

        // The peer has an answer to each read at once, so all of it has been read when this returns.
        connection.Start(_ => { });
        bool? isRefused = null;
        var ends = calls.Select(call => EndOf(call, ref isRefused)).ToArray();
        return new BrpcEnds(ends, isRefused is true);
    }

    private static string EndOf(BrpcCall call, ref bool? isRefused)
    {
        try
        {
            if (!call.IsEnded && isRefused is not null)
            {
                // Another one has told why already. Exceptions take more time than all the rest.
                return BrpcEnds.Over;
            }

            call.WaitAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (call.Failure is { } failure)
            {
                return BrpcEnds.Failure(failure.Verdict.Kind.ToString(), failure.Verdict.Status);
            }

            var answer = new Answer(new BrpcAnswer(call), call.Length);
            var fields = call.Fields;
            using var buffer = AnswerBuffer.ReadAsync(answer, MaxMessage, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            return BrpcEnds.Answered(buffer.Memory.Span, fields);
        }
        catch (AnswerException over)
        {
            isRefused = !over.Message.EndsWith("the sub-service has closed the connection", StringComparison.Ordinal);
            return BrpcEnds.Over;
        }
        finally
        {
            call.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Sends the pieces, and takes whatever it is sent.</summary>
    private sealed class Peer(IEnumerable<ReadOnlyMemory<byte>> pieces) : ReadOnlyStream
    {
        private readonly PieceStream _pieces = new(pieces);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _pieces.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}

/// <summary>How the calls of a connection end.</summary>
/// <param name="Ends">One after another.</param>
/// <param name="IsRefused">The connection was ended for what was sent on it.</param>
internal sealed record BrpcEnds(IReadOnlyList<string> Ends, bool IsRefused)
{
    public const string Answer = "answer ";

    /// <summary>The connection ended before the answer had come whole.</summary>
    public const string Over = "over";

    public static string Failure(string kind, string? status) => $"{kind} {status}";

    public static string Answered(ReadOnlySpan<byte> message, IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        var text = new StringBuilder(Answer).Append(Convert.ToHexString(message));
        foreach (var (name, value) in fields)
        {
            text.Append(' ').Append(name).Append('=').Append(value);
        }

        return text.ToString();
    }

    public override string ToString() => $"{(IsRefused ? "refused: " : "")}{string.Join(", ", Ends)}";
}
