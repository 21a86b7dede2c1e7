using Gateway.Transforms.Upstream;

namespace Gateway.Bench.Micro.Parts;

/// <summary>The same bytes time and again: once its end has been told it begins anew, whoever has disposed of it.</summary>
internal sealed class RepeatedStream(byte[] bytes) : ReadOnlyStream
{
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, bytes.Length - _position);
        bytes.AsMemory(_position, count).CopyTo(buffer);
        _position = count == 0 ? 0 : _position + count;
        return new(count);
    }
}
