using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>What a <see cref="MessageQuery"/> has found. It refers to the message, and lives no longer.</summary>
internal readonly struct FieldValues(ReadOnlySequence<byte> message, IReadOnlyList<IReadOnlyList<FieldRange>?> found)
{
    /// <summary>How many values there are at a path.</summary>
    public int Count(int slot) => found[slot]?.Count ?? 0;

    public ReadOnlySequence<byte> Value(int slot, int index)
    {
        var range = found[slot]![index];
        return message.Slice(range.Offset, range.Length);
    }
}
