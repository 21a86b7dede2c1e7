using System.Buffers.Binary;
using System.Text;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// A gRPC answer, whose first byte says how it is encoded and how the call ended. It is accepted only as one whole message with a good
/// status, however it is divided.
/// </summary>
internal sealed class AnswerTarget : IFuzzTarget
{
    /// <summary>The most bytes that are held of an answer.</summary>
    private const int MaxMessage = 64 << 10;

    private const string Garbled = "cannot be decompressed";

    private static readonly string[] Encodings = ["identity", "gzip", "deflate", "zstd"];
    private static readonly string?[] Statuses = ["0", null, "13", "rubbish"];

    /// <summary>Of which nothing is read: the target plays its reader.</summary>
    private static readonly Http2Connection Connection = new(
        Stream.Null, new RequestHeaders(new Uri("http://sub-service")), UpstreamSettings.Of(null, null), new PingInterval(null), TimeProvider.System);

    public string Name => "answer";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        if (input.Length == 0)
        {
            return false;
        }

        var (encoding, status, body) = (Encodings[input[0] & 3], Statuses[(input[0] >> 2) & 3], input.AsMemory(1));
        var (message, reason) = Read(encoding, status, [body]);
        var (messageDivided, reasonDivided) = Read(encoding, status, Pieces.Of(body, dice));
        DisagreementException.Unless(
            IsAlike(body.Span, reason, reasonDivided) && (message is null || messageDivided is null || message.AsSpan().SequenceEqual(messageDivided)),
            $"whole it ends as '{reason}', divided as '{reasonDivided}'");
        message ??= messageDivided;
        if (message is null)
        {
            return false;
        }

        var frame = body.Span;
        DisagreementException.Unless(status is "0", $"a call with the status '{status}' is good");
        DisagreementException.Unless(
            BinaryPrimitives.ReadUInt32BigEndian(frame[1..]) == frame.Length - GrpcFrame.HeaderBytes, "the frame has another length than its message");
        DisagreementException.Unless(frame[0] == 1 || frame[GrpcFrame.HeaderBytes..].SequenceEqual(message), "the message is not what was sent");
        return true;
    }

    /// <summary>
    /// Of two things that are wrong with a compressed answer either may show first. And rubbish behind it that begins as gzip does is
    /// ignored by .NET or refused, as it comes.
    /// </summary>
    private static bool IsAlike(ReadOnlySpan<byte> body, string? whole, string? divided) =>
        whole == divided || (body is [1, ..] && ((whole is not null && divided is not null) || whole is Garbled || divided is Garbled));

    /// <summary>The message, or why there is none.</summary>
    private static (byte[]? Message, string? Reason) Read(string encoding, string? status, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var call = new Http2Call(Connection);
        call.Begin(1);
        call.OnHeader(":status"u8, "200"u8);
        call.OnHeader("content-type"u8, "application/grpc"u8);
        call.OnHeader("grpc-encoding"u8, Encoding.Latin1.GetBytes(encoding));
        foreach (var piece in pieces)
        {
            call.TryReceive(1, piece.Span, out _);
            call.Flush(1);
        }

        if (status is not null)
        {
            call.OnHeader("grpc-status"u8, Encoding.Latin1.GetBytes(status));
        }

        call.Complete(1);
        try
        {
            var answer = GrpcAnswer.OpenAsync(call, onHeader: null, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            using var buffer = AnswerBuffer.ReadAsync(answer, MaxMessage, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            answer.Message.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return (buffer.Memory.ToArray(), null);
        }
        catch (AnswerException failed)
        {
            return (null, failed.Message);
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException)
        {
            return (null, Garbled);
        }
    }
}
