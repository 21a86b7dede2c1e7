using System.Text;
using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>
/// Writes header blocks in every way that RFC 7541 allows, by chance. Its tables are lists, and shared with nothing of the decoder.
/// Strings are Latin-1, a character for each byte.
/// </summary>
internal sealed class HpackPeer(Random random)
{
    private static readonly string[] Names = ["grpc-status", "grpc-message", "content-type", ":status", "x", "", "\0\u00FF", "x-request-id", "set-cookie"];
    private static readonly string[] Values = ["0", "200", "", "application/grpc", "找不到会话", "\u0001\u00FE\u0080"];

    private readonly List<(string Name, string Value)> _dynamic = [];
    private int _maxSize = HpackDecoder.MaxTableSize;

    private IEnumerable<(string Name, string Value)> Table => PlainHpackReader.Static.Concat(_dynamic);

    /// <summary>A block, and what is in it.</summary>
    public (byte[] Block, IReadOnlyList<(string Name, string Value)> Fields) Next()
    {
        List<byte> block = [];
        List<(string Name, string Value)> fields = [];
        for (var resizes = random.Next(8) == 0 ? random.Next(1, 3) : 0; resizes > 0; resizes--)
        {
            _maxSize = random.Next(4) switch { 0 => 0, 1 => random.Next(300), 2 => random.Next(HpackDecoder.MaxTableSize), _ => HpackDecoder.MaxTableSize };
            Evict();
            block.AddRange(Integer(_maxSize, 5, 0x20));
        }

        for (var count = random.Next(8); count > 0; count--)
        {
            fields.Add(Put(block));
        }

        return (block.ToArray(), fields);
    }

    public static byte[] Integer(long value, int prefix, int first)
    {
        var most = (1 << prefix) - 1;
        if (value < most)
        {
            return [(byte)(first | (int)value)];
        }

        List<byte> bytes = [(byte)(first | most)];
        for (value -= most; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    public static byte[] Raw(string text) => [.. Integer(text.Length, 7, 0), .. Encoding.Latin1.GetBytes(text)];

    public static byte[] Huffman(string text) => Huffman(RfcHuffman.Encode(Encoding.Latin1.GetBytes(text)));

    public static byte[] Huffman(byte[] coded) => [.. Integer(coded.Length, 7, 0x80), .. coded];

    private (string Name, string Value) Put(List<byte> block)
    {
        if (random.Next(3) == 0)
        {
            var index = 1 + random.Next(PlainHpackReader.Static.Count + _dynamic.Count);
            block.AddRange(Integer(index, 7, 0x80));
            return Cut(Table.ElementAt(index - 1));
        }

        var (prefix, first) = random.Next(4) switch { 0 => (4, 0), 1 => (4, 0x10), _ => (6, 0x40) };
        var name = 0;
        if (random.Next(3) > 0)
        {
            // The oldest one now and then, which goes when this one comes.
            name = random.Next(3) == 0 ? PlainHpackReader.Static.Count + _dynamic.Count : 1 + random.Next(PlainHpackReader.Static.Count + _dynamic.Count);
        }

        var field = (Name: name > 0 ? Table.ElementAt(name - 1).Name : Text(Names), Value: Text(Values));
        block.AddRange(Integer(name, prefix, first));
        block.AddRange(name > 0 ? [] : Coded(field.Name));
        block.AddRange(Coded(field.Value));
        if (first == 0x40)
        {
            _dynamic.Insert(0, field);
            Evict();
        }

        return Cut(field);
    }

    private byte[] Coded(string text) => random.Next(2) == 0 ? Raw(text) : Huffman(text);

    private string Text(string[] known) => random.Next(200) switch
    {
        0 => Any(random.Next(3000, 5000)),
        1 => Any(random.Next(HpackDecoder.MaxStringLength - 2, HpackDecoder.MaxStringLength + 1000)),
        < 30 => Any(random.Next(300)),
        < 100 => Any(random.Next(20)),
        _ => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(known[random.Next(known.Length)])),
    };

    private string Any(int length)
    {
        // Some have all bytes in them, some only the frequent ones, which have short codes.
        var (from, to) = random.Next(2) == 0 ? (0, 256) : ('0', 'z');
        return string.Create(length, (random, from, to), static (text, chance) =>
        {
            foreach (ref var next in text)
            {
                next = (char)chance.random.Next(chance.from, chance.to);
            }
        });
    }

    private void Evict()
    {
        while (_dynamic.Sum(entry => entry.Name.Length + entry.Value.Length + 32) > _maxSize)
        {
            _dynamic.RemoveAt(_dynamic.Count - 1);
        }
    }

    private static (string Name, string Value) Cut((string Name, string Value) field) => (Cut(field.Name), Cut(field.Value));

    private static string Cut(string text) => text[..Math.Min(text.Length, HpackDecoder.MaxStringLength)];
}
