using System.Buffers;
using System.IO.Compression;
using System.Net;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// The one message of a unary gRPC answer as a stream, without its frame. The last bytes are handed out only after the call's status
/// has been read and is good, so whoever has read to the end has a good answer.
/// </summary>
internal sealed class GrpcAnswer : ReadOnlyStream
{
    private readonly Http2Call _call;
    private readonly bool _isCompressed;
    private long _left;
    private bool _isOver;

    private GrpcAnswer(Http2Call call, uint length, bool isCompressed)
    {
        _call = call;
        _left = length;
        _isCompressed = isCompressed;
    }

    /// <summary>Reads as far as the frame's header. Disposes of the call when it fails.</summary>
    /// <param name="call">The call.</param>
    /// <param name="onHeaders">Is shown all headers before they are judged; null where nobody asks for that.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <exception cref="AnswerException">There is no message, or the call failed.</exception>
    public static async ValueTask<Answer> OpenAsync(Http2Call call, Func<HttpResponseMessage, ValueTask<bool>>? onHeaders, CancellationToken cancellationToken)
    {
        try
        {
            if (onHeaders is not null)
            {
                await call.WaitAsync(cancellationToken);
                await onHeaders(CallTransforms.ResponseOf((HttpStatusCode)call.Status, HttpVersion.Version20, call.Headers));
            }

            var message = Begin(call, (await call.ReadAtLeastAsync(GrpcFrame.HeaderBytes, cancellationToken)).Buffer);
            if (message._left == 0)
            {
                await message.VerifyEndAsync(cancellationToken);
            }

            return message._isCompressed ? new Answer(Decompress(call.Encoding, message), null) : new Answer(message, message._left);
        }
        catch
        {
            await call.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        var read = await _call.ReadAsync(cancellationToken);
        var count = (int)Math.Min(Math.Min(buffer.Length, _left), read.Buffer.Length);
        if (count == 0)
        {
            throw Ended(_call, $"the answer ends {_left} bytes before its message does");
        }

        var piece = read.Buffer.Slice(0, count);
        piece.CopyTo(buffer.Span);
        _call.Advance(piece.End, piece.End, count);
        _left -= count;
        if (_left == 0)
        {
            await VerifyEndAsync(cancellationToken);
        }

        return count;
    }

    /// <summary>Ends the call when it is not over: a client that hangs up must not leave the sub-service sending.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_isOver)
        {
            // The call serves another one then.
            _isOver = true;
            await _call.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private static GrpcAnswer Begin(Http2Call call, in ReadOnlySequence<byte> bytes)
    {
        Answer.EnsureStatus(call.Status);
        if (call.ContentType?.StartsWith(RpcContent.GrpcType, StringComparison.OrdinalIgnoreCase) is not true)
        {
            throw AnswerException.Garbled($"the answer's content type is '{GrpcMessage.Decode(call.ContentType ?? "")}', not {RpcContent.GrpcType}");
        }

        if (bytes.Length < GrpcFrame.HeaderBytes)
        {
            throw Ended(call, bytes.IsEmpty ? "the answer has no message" : "the answer ends within its frame header");
        }

        Span<byte> header = stackalloc byte[GrpcFrame.HeaderBytes];
        bytes.Slice(0, GrpcFrame.HeaderBytes).CopyTo(header);
        if (!GrpcFrame.TryRead(header, out var isCompressed, out var length))
        {
            throw AnswerException.Garbled($"the answer's frame begins with {header[0]}, which is no gRPC");
        }

        var end = bytes.GetPosition(GrpcFrame.HeaderBytes);
        call.Advance(end, end, GrpcFrame.HeaderBytes);
        return new GrpcAnswer(call, length, isCompressed);
    }

    private static DecompressedAnswer Decompress(string? encoding, GrpcAnswer message)
    {
        Stream unpacked = encoding switch
        {
            "gzip" => new GZipStream(message, CompressionMode.Decompress, leaveOpen: true),
            "deflate" => new ZLibStream(message, CompressionMode.Decompress, leaveOpen: true),
            _ => throw AnswerException.Garbled($"the answer is compressed as '{GrpcMessage.Decode(encoding ?? "none")}', which the gateway cannot read"),
        };
        return new DecompressedAnswer(unpacked, message);
    }

    private async ValueTask VerifyEndAsync(CancellationToken cancellationToken)
    {
        if (!(await _call.ReadAtLeastAsync(1, cancellationToken)).Buffer.IsEmpty)
        {
            throw AnswerException.Garbled("the answer has more than one message");
        }

        GrpcStatus.EnsureOk(_call.GrpcStatus, _call.GrpcMessage);
    }

    /// <summary>The body is over too early: the status may tell why.</summary>
    private static AnswerException Ended(Http2Call call, string reason)
    {
        try
        {
            GrpcStatus.EnsureOk(call.GrpcStatus, call.GrpcMessage);
        }
        catch (AnswerException failed)
        {
            return failed;
        }

        return AnswerException.Garbled(reason);
    }
}
