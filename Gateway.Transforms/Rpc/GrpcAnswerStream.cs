using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The one message of a unary gRPC answer as a stream, without its frame. The last bytes are handed out only after the call's status
/// has been read and is good, so whoever has read to the end has a good answer.
/// </summary>
internal sealed class GrpcAnswerStream : ReadOnlyStream
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly byte[] _header;
    private long _left;

    private GrpcAnswerStream(HttpResponseMessage response, Stream body, byte[] header, uint length, bool compressed)
    {
        _response = response;
        _body = body;
        _header = header;
        _left = MessageLength = length;
        IsCompressed = compressed;
    }

    /// <summary>The length of the message in bytes, as it is sent.</summary>
    public long MessageLength { get; }

    /// <summary>The message is in the encoding that the header grpc-encoding names.</summary>
    public bool IsCompressed { get; }

    /// <summary>Reads the frame's header.</summary>
    /// <exception cref="AnswerException">There is no message, or the call failed.</exception>
    public static async ValueTask<GrpcAnswerStream> OpenAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = response.Content.ReadAsStream(cancellationToken);
        var header = new byte[GrpcFrame.HeaderBytes];
        var read = await body.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < header.Length)
        {
            throw Ended(response, read == 0 ? "the answer has no message" : "the answer ends within its frame header");
        }

        if (!GrpcFrame.TryRead(header, out var compressed, out var length))
        {
            throw AnswerException.Garbled($"the answer's frame begins with {header[0]}, which is no gRPC");
        }

        var answer = new GrpcAnswerStream(response, body, header, length, compressed);
        if (length == 0)
        {
            await answer.VerifyEndAsync(cancellationToken);
        }

        return answer;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        var read = await _body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0)
        {
            throw Ended(_response, $"the answer ends {_left} bytes before its message does");
        }

        _left -= read;
        if (_left == 0)
        {
            await VerifyEndAsync(cancellationToken);
        }

        return read;
    }

    /// <summary>Ends the call when it is not over: a client that hangs up must not leave the sub-service sending.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask VerifyEndAsync(CancellationToken cancellationToken)
    {
        // The header has been read by now.
        if (await _body.ReadAsync(_header, cancellationToken) != 0)
        {
            throw AnswerException.Garbled("the answer has more than one message");
        }

        GrpcStatus.EnsureOk(_response.TrailingHeaders);
    }

    /// <summary>The body is over too early: the status may tell why.</summary>
    private static AnswerException Ended(HttpResponseMessage response, string reason)
    {
        try
        {
            GrpcStatus.EnsureOk(response.TrailingHeaders);
        }
        catch (AnswerException failed)
        {
            return failed;
        }

        return AnswerException.Garbled(reason);
    }
}
