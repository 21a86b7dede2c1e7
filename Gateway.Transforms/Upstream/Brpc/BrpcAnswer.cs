using System.Buffers;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>The message of an answer as a stream. That the call is good is known before.</summary>
internal sealed class BrpcAnswer(BrpcCall call) : ReadOnlyStream
{
    private long _left = call.Length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        var read = await call.ReadAsync(cancellationToken);
        var count = (int)Math.Min(buffer.Length, read.Buffer.Length);
        var piece = read.Buffer.Slice(0, count);
        piece.CopyTo(buffer.Span);
        call.Advance(piece.End, piece.End, count);
        _left -= count;
        return count;
    }

    /// <summary>Ends the call when it is not over.</summary>
    public override async ValueTask DisposeAsync()
    {
        await call.DisposeAsync();
        await base.DisposeAsync();
    }
}
