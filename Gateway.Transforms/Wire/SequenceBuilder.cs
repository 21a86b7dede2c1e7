using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>Strings pieces of memory together into one <see cref="ReadOnlySequence{T}"/> without copying them.</summary>
internal sealed class SequenceBuilder
{
    private Segment? _first;
    private Segment? _last;

    public SequenceBuilder Append(ReadOnlyMemory<byte> piece)
    {
        if (!piece.IsEmpty)
        {
            _last = _last is null ? _first = new Segment(piece, 0) : _last.Add(piece);
        }

        return this;
    }

    public SequenceBuilder Append(in ReadOnlySequence<byte> pieces)
    {
        foreach (var piece in pieces)
        {
            Append(piece);
        }

        return this;
    }

    public ReadOnlySequence<byte> Build() =>
        _first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_first, 0, _last!, _last!.Memory.Length);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Add(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
