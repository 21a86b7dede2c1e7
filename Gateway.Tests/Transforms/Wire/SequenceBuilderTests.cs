using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class SequenceBuilderTests
{
    [Test]
    public void Build_NothingAppended_IsEmpty() => Assert.That(new SequenceBuilder().Build().IsEmpty, Is.True);

    [Test]
    public void Build_OnlyEmptyPieces_IsEmpty()
    {
        var sut = new SequenceBuilder().Append(ReadOnlyMemory<byte>.Empty).Append(ReadOnlySequence<byte>.Empty);

        Assert.That(sut.Build().IsEmpty, Is.True);
    }

    [Test]
    public void Build_OnePiece_IsThatMemory()
    {
        byte[] piece = [1, 2, 3];

        var sequence = new SequenceBuilder().Append(piece).Build();

        Assert.That(sequence.IsSingleSegment, Is.True);
        Assert.That(sequence.First, Is.EqualTo(new ReadOnlyMemory<byte>(piece)), "The piece was copied");
    }

    [Test]
    public void Build_SeveralPieces_HasThemInOrderAndNoEmptyOnes()
    {
        byte[] first = [1, 2], second = [3], third = [4, 5, 6];

        var sequence = new SequenceBuilder()
            .Append(first).Append(ReadOnlyMemory<byte>.Empty)
            .Append(Segmented.SingleBytes(second)).Append(third).Build();

        Assert.That(sequence.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(sequence.Length, Is.EqualTo(6));
        Assert.That(Lengths(sequence), Is.EqualTo(new[] { 2, 1, 3 }));
    }

    [Test]
    public void Build_SlicedAnywhere_GivesTheBytesThere()
    {
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7];
        foreach (var sequence in Segmented.Ways(bytes))
        {
            for (var from = 0; from <= bytes.Length; from++)
            {
                Assert.That(sequence.Slice(from).ToArray(), Is.EqualTo(bytes[from..]));
            }
        }
    }

    private static List<int> Lengths(in ReadOnlySequence<byte> sequence)
    {
        List<int> lengths = [];
        foreach (var segment in sequence)
        {
            lengths.Add(segment.Length);
        }

        return lengths;
    }
}
