using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>The code that is made of lengths, beside the one that RFC 7541 prints.</summary>
[TestFixture]
internal sealed class HuffmanTests
{
    private const int EndOfString = 256;

    [Test]
    public void Decode_EachByteBehindEachOther_IsThatByte()
    {
        for (var first = 0; first < 256; first++)
        {
            for (var second = 0; second < 256; second++)
            {
                byte[] text = [(byte)first, (byte)second];

                Assert.That(Decode(RfcHuffman.Encode(text), text.Length).SequenceEqual(text), Is.True, () => $"{Convert.ToHexString(text)} is read otherwise");
            }
        }
    }

    [TestCase(0, true)]
    [TestCase(1, true)]
    [TestCase(7, true)]
    [TestCase(8, false)]
    [TestCase(15, false)]
    [TestCase(29, false)]
    public void Decode_PaddingOfOnes_IsGoodBelowAByte(int bits, bool isGood)
    {
        var text = TextBefore(bits);
        byte[] coded = [.. RfcHuffman.Encode(text), .. Enumerable.Repeat((byte)0xFF, bits / 8)];

        Assert.That(() => Decode(coded, text.Length), isGood ? Is.EqualTo(text) : Throws.TypeOf<HpackException>());
    }

    // No symbol has four bits, and none is 1111110.
    [Test]
    public void Decode_PaddingOfOtherBits_IsRefused([Range(0, 0xE)] int padding) => AssertRefused(padding, 4);

    [Test]
    public void Decode_PaddingWithZeroAtTheEnd_IsRefused() => AssertRefused(0x7E, 7);

    [Test]
    public void Decode_EndOfStringAnywhere_IsRefused([Values(0, 1, 7)] int before, [Values(0, 3)] int after)
    {
        int[] symbols = [.. Enumerable.Repeat((int)'a', before), EndOfString, .. Enumerable.Repeat((int)'z', after)];

        Assert.That(() => Decode(RfcHuffman.Encode(symbols), 64), Throws.TypeOf<HpackException>());
    }

    private static void AssertRefused(int padding, int bits)
    {
        var coded = RfcHuffman.Encode(TextBefore(bits));
        coded[^1] = (byte)((coded[^1] & (0xFF << bits)) | padding);

        Assert.That(() => Decode(coded, 64), Throws.TypeOf<HpackException>());
    }

    /// <summary>Zeros, of five bits each: as many as are followed by so much padding.</summary>
    private static byte[] TextBefore(int padding) => [.. Enumerable.Repeat((byte)'0', (8 - (padding % 8)) * 5 % 8)];

    private static byte[] Decode(byte[] coded, int length)
    {
        var (state, to) = (Huffman.Begin, new byte[length + 1]);
        var count = Huffman.Decode(coded, ref state, to);
        Huffman.RequireEnd(state);
        return to[..count];
    }
}
