using System.Buffers;
using System.Text;
using Gateway.Proxy.Sessions.Tracking;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

public sealed class RespReaderTests
{
    private const string Hello = "%2\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*1\r\n%1\r\n+ver\r\n:7\r\n";

    [TestCase("+OK\r\n", "Text OK")]
    [TestCase(":-2\r\n", "Text -2")]
    [TestCase(",1.5\r\n", "Text 1.5")]
    [TestCase("#t\r\n", "Text t")]
    [TestCase("(12345678901234567890\r\n", "Text 12345678901234567890")]
    [TestCase("-NOPERM no\r\n", "Error NOPERM no")]
    [TestCase("!7\r\nERR \r\n.\r\n", "Error ERR \r\n.")]
    [TestCase("_\r\n", "Null ")]
    [TestCase("$-1\r\n", "Null ")]
    [TestCase("*-1\r\n", "Null ")]
    [TestCase("$0\r\n\r\n", "Text ")]
    [TestCase("$4\r\na\r\nb\r\n", "Text a\r\nb")]
    [TestCase("=5\r\ntxt:x\r\n", "Text txt:x")]
    [TestCase("*0\r\n", "List []")]
    [TestCase("~2\r\n:1\r\n:2\r\n", "List [Text 1, Text 2]")]
    [TestCase(">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\ns1\r\n", "Push [Text invalidate, List [Text s1]]")]
    [TestCase(">2\r\n+invalidate\r\n_\r\n", "Push [Text invalidate, Null ]")]
    [TestCase(Hello, "List [Text role, Text master, Text modules, List [List [Text ver, Text 7]]]")]
    public void TryRead_AnyValue_IsReadHoweverItComes(string bytes, string expected)
    {
        var all = Encoding.UTF8.GetBytes(bytes);
        for (var cut = 0; cut < all.Length; cut++)
        {
            var reader = new RespReader();
            var part = new ReadOnlySequence<byte>(all, 0, cut);
            Assert.That(reader.TryRead(ref part, out _), Is.False, $"{cut} of {all.Length} bytes");

            var pieces = new SequenceBuilder().Append(part).Append(all.AsMemory(cut)).Append("rest"u8.ToArray()).Build();
            Assert.That(reader.TryRead(ref pieces, out var value), Is.True);
            Assert.That(Show(value!), Is.EqualTo(expected));
            Assert.That(Encoding.UTF8.GetString(pieces), Is.EqualTo("rest"));
        }
    }

    [TestCase("\r\n", "A value has no type.")]
    [TestCase("?1\r\n", "A value is of an unknown type.")]
    [TestCase("HTTP/1.1 400 Bad Request\r\n", "A value is of an unknown type.")]
    [TestCase("$\r\n", "A value has no length.")]
    [TestCase("$+1\r\na\r\n", "A value has no length.")]
    [TestCase("*-0\r\n", "A value has no length.")]
    [TestCase("$1\0\r\na\r\n", "A value has no length.")]
    [TestCase("$١\r\na\r\n", "A value has no length.")]
    [TestCase("$-2\r\n", "A value has no length.")]
    [TestCase("$1048577\r\n", "A value has no length.")]
    [TestCase("*99999999999\r\n", "A value has no length.")]
    [TestCase("$1\r\nabc\r\n", "A value does not end where it says.")]
    [TestCase("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "A value is too deep.")]
    public void TryRead_NoValue_IsRefused(string bytes, string problem)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(bytes));

        Assert.That(() => new RespReader().TryRead(ref buffer, out _), Throws.InstanceOf<InvalidDataException>().With.Message.EqualTo(problem));
    }

    [Test]
    public void TryRead_NoEndOfAValue_IsRefused()
    {
        var buffer = new ReadOnlySequence<byte>(new byte[RespReader.MaxLength + 1]);

        Assert.That(() => new RespReader().TryRead(ref buffer, out _), Throws.InstanceOf<InvalidDataException>().With.Message.EqualTo("A value is too long."));
    }

    [TestCase(1)]
    [TestCase(4096)]
    [TestCase(2 * RespReader.MaxLength)]
    public void TryRead_WholeValueThatIsTooLong_IsRefusedHoweverItComes(int pieces)
    {
        // Small values in a list, none of which is too long by itself.
        const int Item = 1 << 10;
        var item = Encoding.UTF8.GetBytes($"${Item}\r\n{new string('x', Item)}\r\n");
        byte[] all = [.. "*1024\r\n"u8, .. Enumerable.Repeat(item, 1024).SelectMany(bytes => bytes)];
        var reader = new RespReader();

        Assert.That(() => ReadInPieces(reader, all, pieces), Throws.InstanceOf<InvalidDataException>().With.Message.EqualTo("A value is too long."));
    }

    [Test]
    public void TryRead_ManyItemsByteByByte_AreEachReadOnce()
    {
        const int Items = 2000;
        byte[] all = [.. Encoding.UTF8.GetBytes($">2\r\n+invalidate\r\n*{Items}\r\n"), .. Enumerable.Repeat("$10\r\nsession:s1\r\n"u8.ToArray(), Items).SelectMany(bytes => bytes)];
        var reader = new RespReader();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var value = ReadInPieces(reader, all, 1);

        Assert.That(value?.Items[1].Items, Has.Count.EqualTo(Items));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100L * all.Length), "Some bytes are read again with every byte that comes");
    }

    [Test]
    public void TryRead_RandomBytes_IsAValueOrRefused()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Hello);
            for (var change = random.Next(1, 5); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var reader = new RespReader();
            var buffer = new ReadOnlySequence<byte>(bytes);
            try
            {
                while (reader.TryRead(ref buffer, out _))
                {
                    Assert.That(buffer.Length, Is.LessThan(bytes.Length));
                }
            }
            catch (InvalidDataException)
            {
                // As it should.
            }
        }
    }

    [Test]
    public void Write_AnyArguments_AreReadBack()
    {
        var output = new ArrayBufferWriter<byte>();

        RespWriter.Write(output, "GET", "会话:\r\n$3\r\n", "");

        var buffer = new ReadOnlySequence<byte>(output.WrittenMemory);
        Assert.That(new RespReader().TryRead(ref buffer, out var value), Is.True);
        Assert.That(value!.Items.Select(item => item.Text), Is.EqualTo(new[] { "GET", "会话:\r\n$3\r\n", "" }));
        Assert.That(buffer.IsEmpty, Is.True);
    }

    private static string Show(RespValue value) =>
        value.Kind is RespKind.List or RespKind.Push ? $"{value.Kind} [{string.Join(", ", value.Items.Select(Show))}]" : $"{value.Kind} {value.Text}";

    /// <summary>As from a connection: what has not been taken comes again, with the next piece behind it.</summary>
    private static RespValue? ReadInPieces(RespReader reader, byte[] all, int length)
    {
        var begin = 0;
        for (var end = 0; end < all.Length;)
        {
            end = Math.Min(end + length, all.Length);
            var buffer = new ReadOnlySequence<byte>(all, begin, end - begin);
            if (reader.TryRead(ref buffer, out var value))
            {
                return value;
            }

            begin = end - (int)buffer.Length;
        }

        return null;
    }
}
