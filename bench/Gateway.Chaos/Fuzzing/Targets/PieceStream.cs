using Gateway.Transforms.Wire;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>Hands out bytes piece by piece, at once.</summary>
internal sealed class PieceStream(IEnumerable<ReadOnlyMemory<byte>> pieces) : ReadOnlyStream
{
    private readonly IEnumerator<ReadOnlyMemory<byte>> _pieces = pieces.GetEnumerator();
    private ReadOnlyMemory<byte> _rest;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return new(0);
        }

        if (_rest.IsEmpty && _pieces.MoveNext())
        {
            _rest = _pieces.Current;
        }

        var read = Math.Min(buffer.Length, _rest.Length);
        _rest[..read].CopyTo(buffer);
        _rest = _rest[read..];
        return new(read);
    }
}
