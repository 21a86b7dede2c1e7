using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

/// <summary>The same bytes in every way that they may lie in memory.</summary>
internal static class Segmented
{
    /// <summary>In one piece, in two pieces split at each byte, and in pieces of one byte.</summary>
    public static IEnumerable<ReadOnlySequence<byte>> Ways(byte[] bytes)
    {
        yield return new ReadOnlySequence<byte>(bytes);
        for (var split = 1; split < bytes.Length; split++)
        {
            yield return new SequenceBuilder().Append(bytes.AsMemory(0, split)).Append(bytes.AsMemory(split)).Build();
        }

        yield return SingleBytes(bytes);
    }

    public static ReadOnlySequence<byte> SingleBytes(byte[] bytes)
    {
        var sequence = new SequenceBuilder();
        for (var i = 0; i < bytes.Length; i++)
        {
            sequence.Append(bytes.AsMemory(i, 1));
        }

        return sequence.Build();
    }
}
