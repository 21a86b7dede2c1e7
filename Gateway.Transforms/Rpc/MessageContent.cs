using System.Buffers;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// A message that is sent piece by piece. Its memory is the request's: it is not touched any more once this is disposed of, even if the
/// sub-service has answered before reading all. What is still to come of it ends with the request (<see cref="BodyRest.DisposeAsync"/>).
/// </summary>
internal sealed class MessageContent : CallContent
{
    private const int MaxPiece = 64 << 10;

    private readonly Lock _lock = new();
    private readonly BodyRest? _more;
    private readonly int _header;
    private readonly long? _length;
    private ReadOnlySequence<byte> _message;
    private bool _disposed;
    private bool _isTaken;

    /// <param name="message">What is there of the message.</param>
    /// <param name="more">What is still to come of it; null when it is whole.</param>
    /// <param name="protocol">Whether it is framed.</param>
    public MessageContent(in ReadOnlySequence<byte> message, BodyRest? more, RpcProtocol protocol)
        : base(HeaderOf(protocol) + LengthOf(message, more))
    {
        _message = message;
        _more = more;
        _header = HeaderOf(protocol);
        _length = LengthOf(message, more);
    }

    protected override bool IsTaken => _isTaken;

    protected override async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(_more is null ? (int)Math.Min(_header + _length!.Value, MaxPiece) : MaxPiece);
        try
        {
            if (_header > 0)
            {
                GrpcFrame.WriteHeader(piece, (uint)_length!.Value);
            }

            var header = _header;
            var rest = _message;
            do
            {
                var count = Take(ref rest, piece.AsSpan(header));
                await stream.WriteAsync(piece.AsMemory(0, header + count), cancellationToken);
                _isTaken = true;
                header = 0;
            }
            while (!rest.IsEmpty);
            if (_more is not null)
            {
                // The handler keeps little writes until more comes, and more comes when the client likes.
                await stream.FlushAsync(cancellationToken);
                await PassOnAsync(_more, stream, piece.AsMemory(0, MaxPiece), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
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

    private static long? LengthOf(in ReadOnlySequence<byte> message, BodyRest? more) => more is null ? message.Length : message.Length + more.Length;

    /// <summary>Once this is disposed of, the rest is the next attempt's, and so is the memory of the beginning, which is given back as soon as the rest begins.</summary>
    private Task PassOnAsync(BodyRest more, Stream stream, Memory<byte> piece, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return more.CopyToAsync(stream, piece, cancellationToken);
        }
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
