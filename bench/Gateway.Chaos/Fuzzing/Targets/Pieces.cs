using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>Divides bytes as a network does: anywhere.</summary>
internal static class Pieces
{
    /// <summary>Not the first bytes of rented memory only: a piece may be one byte, and so may all of them.</summary>
    private static readonly int[] Longest = [1, 3, 17, 4096];

    public static IEnumerable<ReadOnlyMemory<byte>> Of(ReadOnlyMemory<byte> bytes, Dice dice)
    {
        var longest = dice.Pick(Longest);
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(1 + dice.Below(longest), bytes.Length);
            yield return bytes[..length];
            bytes = bytes[length..];
        }
    }

    public static ReadOnlySequence<byte> SequenceOf(ReadOnlyMemory<byte> bytes, Dice dice)
    {
        var sequence = new SequenceBuilder();
        foreach (var piece in Of(bytes, dice))
        {
            sequence.Append(piece);
        }

        return sequence.Build();
    }
}
