using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>Reads a sequence as a stream. The memory stays the owner's, who must keep it until the reading is done.</summary>
internal sealed class SequenceStream(ReadOnlySequence<byte> sequence) : ReadOnlyStream
{
    private ReadOnlySequence<byte> _rest = sequence;

    /// <summary>False as long as nobody has taken anything out of it.</summary>
    public bool HasBeenRead { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        HasBeenRead = true;
        var count = (int)Math.Min(buffer.Length, _rest.Length);
        _rest.Slice(0, count).CopyTo(buffer.Span);
        _rest = _rest.Slice(count);
        return new ValueTask<int>(count);
    }
}
