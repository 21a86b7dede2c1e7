using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Transforms.Upstream.Http2;
using static Gateway.Tests.Transforms.Upstream.Http2.HpackPeer;

namespace Gateway.Tests.Transforms.Upstream.Http2;

[TestFixture]
internal sealed class HpackDecoderTests
{
    /// <summary>The first index of the dynamic table.</summary>
    private const int Newest = 62;

    /// <summary>What an entry counts beside its bytes.</summary>
    private const int Overhead = 32;

    private static readonly byte[] AddedAb = [0x40, 1, (byte)'a', 1, (byte)'b'];

    private static IEnumerable<TestCaseData> Refusals()
    {
        yield return Case("IndexZero", [0x80]);
        yield return Case("IndexBeyondTheTable", Integer(Newest, 7, 0x80));
        yield return Case("IndexBeyondTheTableWithOneEntry", [.. AddedAb, .. Integer(Newest + 1, 7, 0x80)]);
        yield return Case("NameBeyondTheTable", [.. Integer(Newest, 6, 0x40), 0]);
        yield return Case("NameBeyondTheTableOfLiteral", [.. Integer(Newest, 4, 0), 0]);
        yield return Case("SizeAboveOurs", Integer(HpackDecoder.MaxTableSize + 1, 5, 0x20));
        yield return Case("SizeBehindIndexed", [0x88, 0x20]);
        yield return Case("SizeBehindLiteral", [.. AddedAb, 0x20]);
        yield return Case("NumberOf32Bits", Integer(1L << 31, 7, 0x80));
        yield return Case("NumberOf35Bits", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
        // A name of the static table, but for so many zeros.
        yield return Case("NumberOfSixMoreBytes", [0x0F, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, (byte)'v']);
        yield return Case("LengthOf32Bits", [0, 1, (byte)'a', .. Integer(1L << 31, 7, 0)]);
        yield return Case("SizeOf64Bits", Integer(long.MaxValue, 5, 0x20));
        yield return Case("PaddingOfAByte", [0, 1, (byte)'a', .. Huffman([.. RfcHuffman.Encode("b"u8.ToArray()), 0xFF])]);
        yield return Case("PaddingOfAByteInName", [0, .. Huffman([0xFF]), 0]);
        yield return Case("PaddingWithZeros", [0, 1, (byte)'a', .. Huffman([0x18])]);
        yield return Case("EndOfString", [0, 1, (byte)'a', .. Huffman(RfcHuffman.Encode('a', 256, 'b'))]);
        // As the rest of a string that is too long is not kept, it would be easy not to look at.
        yield return Case("EndOfStringFarBehind", [0, 1, (byte)'a', .. Huffman(RfcHuffman.Encode([.. Enumerable.Repeat((int)'a', 9000), 256]))]);

        static TestCaseData Case(string name, byte[] block) => new TestCaseData(block).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Refusals))]
    public void Decode_AgainstTheRules_Throws(byte[] block)
    {
        foreach (var pieces in (int[])[int.MaxValue, 1])
        {
            Assert.That(() => HeardFields.Of(new HpackDecoder(), block, pieces), Throws.TypeOf<HpackException>(), $"In pieces of {pieces}");
            Assert.That(() => Decode(new HpackDecoder(), block), Throws.TypeOf<HpackException>(), "It is known before the block ends");
        }
    }

    [Test]
    public void End_WithinAField_Throws()
    {
        byte[] block = [.. Integer(0, 6, 0x40), .. Raw(new string('n', 200)), .. Huffman(new string('v', 300))];
        for (var length = 1; length < block.Length; length++)
        {
            var sut = new HpackDecoder();
            Decode(sut, block[..length]);

            Assert.That(sut.End, Throws.TypeOf<HpackException>(), $"After {length} of {block.Length} bytes");
        }
    }

    [Test]
    public void End_WithinAnIndexOrSize_Throws([Values(0xFF, 0x7F, 0x3F, 0x0F, 0x1F)] int first)
    {
        var sut = new HpackDecoder();
        Decode(sut, [(byte)first]);

        Assert.That(sut.End, Throws.TypeOf<HpackException>());
    }

    [Test]
    public void Decode_NothingOrEmptyPieces_HearsNothing()
    {
        var sut = new HpackDecoder();
        Decode(sut, []);
        sut.End();
        sut.End();

        Assert.That(HeardFields.Of(sut, [0x88]), Is.EqualTo(new[] { (":status", "200") }));
    }

    [Test]
    public void Decode_EachOfTheStaticTable_IsThatField()
    {
        var sut = new HpackDecoder();

        Assert.That(
            Enumerable.Range(1, Newest - 1).SelectMany(index => HeardFields.Of(sut, [(byte)(0x80 | index)])),
            Is.EqualTo(PlainHpackReader.Static));
    }

    [TestCase(int.MaxValue)]
    [TestCase(int.MaxValue - 1)]
    public void Decode_LengthOf31Bits_IsWaitedFor(int length)
    {
        var sut = new HpackDecoder();

        Assert.That(() => Decode(sut, [0, 1, (byte)'a', .. Integer(length, 7, 0), .. new byte[100_000]]), Throws.Nothing);
        Assert.That(sut.End, Throws.TypeOf<HpackException>());
    }

    [Test]
    public void Decode_NumberWithZerosBehind_IsThatNumber() =>
        // Four more bytes than it needs, which no encoder writes and section 5.1 does not forbid.
        Assert.That(HeardFields.Of(new HpackDecoder(), [0x0F, 0x90, 0x80, 0x80, 0x80, 0, 1, (byte)'v']), Is.EqualTo(new[] { (PlainHpackReader.Static[30].Name, "v") }));

    [Test]
    public void Decode_ByteByByte_IsTheSame()
    {
        byte[] block =
        [
            0x20, .. Integer(HpackDecoder.MaxTableSize, 5, 0x20), 0x88, .. Integer(0, 6, 0x40), .. Huffman("grpc-message"), .. Raw(new string('e', 1000)),
            .. Integer(Newest, 4, 0x10), .. Huffman(new string('\u00E4', 500)), .. Integer(Newest, 7, 0x80), 0, 0, 0,
        ];

        var whole = HeardFields.Of(new HpackDecoder(), block);

        Assert.That(whole.Select(field => field.Name), Is.EqualTo(new[] { ":status", "grpc-message", "grpc-message", "grpc-message", "" }));
        Assert.That(HeardFields.Of(new HpackDecoder(), block, pieces: 1), Is.EqualTo(whole));
    }

    [Test]
    public void Decode_NameOfTheEntryThatGoes_IsKeptForTheNewOne()
    {
        var sut = new HpackDecoder();
        HeardFields.Of(sut, [.. Integer(100, 5, 0x20), .. Integer(0, 6, 0x40), .. Raw("the-name"), .. Raw("first")]);

        // Each evicts the one that it has its name from (section 4.4). So many that their strings have been everywhere in the memory of the table.
        for (var number = 0; number < 2000; number++)
        {
            var value = new string((char)('a' + (number % 26)), 40 + (number % 20));

            Assert.That(
                HeardFields.Of(sut, [.. Integer(Newest, 6, 0x40), .. Raw(value), .. Integer(Newest, 7, 0x80)]),
                Is.EqualTo(new[] { ("the-name", value), ("the-name", value) }));
            Assert.That(CountEntries(sut), Is.EqualTo(1));
        }
    }

    [TestCase(HpackDecoder.MaxTableSize - Overhead - 1, 1)]
    [TestCase(HpackDecoder.MaxTableSize - Overhead, 0)]
    [TestCase(HpackDecoder.MaxStringLength + 1000, 0)]
    public void Decode_EntryOfASize_IsThereOrLeavesTheTableEmpty(int valueLength, int entries)
    {
        var sut = new HpackDecoder();
        HeardFields.Of(sut, [.. AddedAb, .. AddedAb]);

        HeardFields.Of(sut, [0x40, 1, (byte)'n', .. Huffman(new string('v', valueLength))]);

        Assert.That(CountEntries(sut), Is.EqualTo(entries));
        Assert.That(HeardFields.Of(sut, [.. AddedAb, .. Integer(Newest, 7, 0x80)])[^1], Is.EqualTo(("a", "b")), "The table takes entries again");
    }

    [Test]
    public void Decode_LiteralsThatAreNotAdded_LeaveTheTable([Values(0, 0x10)] int kind)
    {
        var sut = new HpackDecoder();

        HeardFields.Of(sut, [.. AddedAb, (byte)kind, 1, (byte)'c', 1, (byte)'d']);

        Assert.That(CountEntries(sut), Is.EqualTo(1));
    }

    [Test]
    public void Decode_EntriesOfNothing_AreAsManyAsTheTableHolds()
    {
        var sut = new HpackDecoder();

        HeardFields.Of(sut, [.. Enumerable.Repeat<byte[]>([0x40, 0, 0], 1000).SelectMany(field => field)]);

        Assert.That(CountEntries(sut), Is.EqualTo(HpackDecoder.MaxTableSize / Overhead));
    }

    [Test]
    public void Decode_TableResized_KeepsTheNewestThatFit()
    {
        var sut = new HpackDecoder();
        foreach (var value in "12345")
        {
            HeardFields.Of(sut, [.. Integer(0, 6, 0x40), .. Raw("n"), .. Raw($"{value}")]);
        }

        Assert.That(HeardFields.Of(sut, [.. Integer((2 * (Overhead + 2)) + 1, 5, 0x20), 0xBE, 0xBF]), Is.EqualTo(new[] { ("n", "5"), ("n", "4") }));
        Assert.That(CountEntries(sut), Is.EqualTo(2));

        // Down and up again: what was thrown out does not come back (section 4.2).
        HeardFields.Of(sut, [0x20, .. Integer(HpackDecoder.MaxTableSize, 5, 0x20)]);
        Assert.That(CountEntries(sut), Is.Zero);
    }

    [Test]
    public void Decode_TableOfNothing_TakesNoEntry()
    {
        var sut = new HpackDecoder();

        HeardFields.Of(sut, [0x20, .. AddedAb]);

        Assert.That(CountEntries(sut), Is.Zero);
    }

    [TestCase(HpackDecoder.MaxStringLength)]
    [TestCase(HpackDecoder.MaxStringLength + 1)]
    [TestCase(1 << 20)]
    public void Decode_LongStrings_AreCutAndTheRestGoesOn(int length)
    {
        var text = string.Create(length, 0, (text, _) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = (char)('a' + (i % 23));
            }
        });
        var cut = text[..HpackDecoder.MaxStringLength];
        (string, string)[] expected = [("grpc-message", cut), ("grpc-message", cut), (cut, "v"), (cut, "v"), (":status", "200")];
        byte[] block =
        [
            0x40, .. Raw("grpc-message"), .. Raw(text), 0x40, .. Raw("grpc-message"), .. Huffman(text),
            0, .. Raw(text), .. Raw("v"), 0x10, .. Huffman(text), .. Raw("v"), 0x88,
        ];

        foreach (var pieces in (int[])[int.MaxValue, 16384, 1])
        {
            Assert.That(HeardFields.Of(new HpackDecoder(), block, pieces).SequenceEqual(expected), Is.True, $"In pieces of {pieces}");
        }
    }

    [Test]
    public void Decode_Anything_AllocatesNothing([Values(1, 1000, 16384)] int pieces)
    {
        var peer = new HpackPeer(new Random(7));
        byte[][] blocks = [.. Enumerable.Range(0, 200).Select(_ => peer.Next().Block), [0, 1, (byte)'a', .. Huffman(new string('v', 1 << 20))], [0, .. Raw(new string('n', 1 << 20)), 0]];
        var (sut, heard) = (new HpackDecoder(), new CountedFields());
        DecodeAll();

        var before = GC.GetAllocatedBytesForCurrentThread();
        DecodeAll();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(heard.Count, Is.GreaterThan(1000));
        Assert.That(allocated, Is.Zero);

        void DecodeAll()
        {
            // As at the beginning of a connection, which the blocks are for.
            sut.Decode([0x20, 0x3F, 0xE1, 0x1F], heard);
            sut.End();
            foreach (var block in blocks)
            {
                for (var rest = block.AsSpan(); !rest.IsEmpty; rest = rest[Math.Min(pieces, rest.Length)..])
                {
                    sut.Decode(rest[..Math.Min(pieces, rest.Length)], heard);
                }

                sut.End();
            }
        }
    }

    private static void Decode(HpackDecoder sut, byte[] bytes) => sut.Decode(bytes, new HeardFields());

    /// <summary>How many entries the dynamic table has: the first index that is refused tells.</summary>
    private static int CountEntries(HpackDecoder sut)
    {
        for (var count = 0; ; count++)
        {
            try
            {
                Decode(sut, Integer(Newest + count, 7, 0x80));
                sut.End();
            }
            catch (HpackException)
            {
                sut.End();
                return count;
            }
        }
    }

    private sealed class CountedFields : IHeaderSink
    {
        public int Count { get; private set; }

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Count++;
    }
}
