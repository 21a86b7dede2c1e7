using System.Buffers;
using System.Net;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The message of a call as the body of its HTTP request, in a gRPC frame where the protocol is that. The message's memory is the
/// request's: it is not touched any more once this is disposed of, even if the sub-service has answered before reading all. What is
/// still to come of it ends with the request (<see cref="BodyRest.DisposeAsync"/>).
/// </summary>
internal sealed class MessageContent : HttpContent
{
    private const int MaxPiece = 64 << 10;

    private readonly Lock _lock = new();
    private readonly BodyRest? _more;
    private readonly int _header;
    private readonly long _length;
    private ReadOnlySequence<byte> _message;
    private bool _disposed;
    private bool _isAsked;

    /// <param name="message">What is there of the message.</param>
    /// <param name="more">What is still to come of it; null when it is whole.</param>
    /// <param name="protocol">Whether it is framed.</param>
    public MessageContent(in ReadOnlySequence<byte> message, BodyRest? more, RpcProtocol protocol)
    {
        _message = message;
        _more = more;
        _header = protocol == RpcProtocol.Grpc ? GrpcFrame.HeaderBytes : 0;
        _length = message.Length + (more?.Length ?? 0);
    }

    /// <summary>
    /// Whether a connection has taken any of it. A write that failed has not: the message is incomplete on the other side, where nobody acts
    /// on it.
    /// </summary>
    public bool IsTaken { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The handler asks a second time when the peer has refused the request unread. It then goes to another instance, and not there again.
        if (_isAsked)
        {
            throw new InvalidOperationException("The instance refused the request unread.");
        }

        _isAsked = true;
        // Cancelled already when the connection broke after the headers.
        cancellationToken.ThrowIfCancellationRequested();
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(_header + _length, MaxPiece));
        try
        {
            if (_header > 0)
            {
                GrpcFrame.WriteHeader(piece, (uint)_length);
            }

            var header = _header;
            var rest = _message;
            do
            {
                var count = Take(ref rest, piece.AsSpan(header));
                await stream.WriteAsync(piece.AsMemory(0, header + count), cancellationToken);
                IsTaken = true;
                header = 0;
            }
            while (!rest.IsEmpty);
            if (_more is not null)
            {
                await _more.CopyToAsync(stream, piece.AsMemory(0, MaxPiece), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _header + _length;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _disposed = true;
            _message = default;
        }

        base.Dispose(disposing);
    }

    private int Take(ref ReadOnlySequence<byte> rest, Span<byte> piece)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var count = (int)Math.Min(piece.Length, rest.Length);
            rest.Slice(0, count).CopyTo(piece);
            rest = rest.Slice(count);
            return count;
        }
    }
}
