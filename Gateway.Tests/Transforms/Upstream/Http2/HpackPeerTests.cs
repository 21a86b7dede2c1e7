using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>Blocks of a peer that uses all that it may, in random pieces.</summary>
[TestFixture]
internal sealed class HpackPeerTests
{
    private const int Connections = 100;
    private const int Blocks = 60;

    [Test]
    public void Decode_RandomBlocksInRandomPieces_HearsWhatThePeerWrote([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        for (var connection = 0; connection < Connections; connection++)
        {
            var peer = new HpackPeer(random);
            var sut = new HpackDecoder();
            var longest = random.Next(4) switch { 0 => 1, 1 => 3, 2 => 40, _ => int.MaxValue };
            for (var number = 0; number < Blocks; number++)
            {
                var (block, fields) = peer.Next();

                var heard = Decode(sut, block, random, longest);

                // Not Is.EqualTo on every one: it is slow, and says where they differ only when they do.
                if (!heard.SequenceEqual(fields))
                {
                    Assert.That(heard, Is.EqualTo(fields), () => $"Connection {connection}, block {number}: {Convert.ToHexString(block)}");
                }
            }
        }
    }

    private static HeardFields Decode(HpackDecoder decoder, byte[] block, Random random, int longest)
    {
        var heard = new HeardFields();
        for (var at = 0; at < block.Length;)
        {
            var length = Math.Min(longest == int.MaxValue ? longest : random.Next(longest + 1), block.Length - at);
            decoder.Decode(block.AsSpan(at, length), heard);
            at += length;
        }

        decoder.End();
        return heard;
    }
}
