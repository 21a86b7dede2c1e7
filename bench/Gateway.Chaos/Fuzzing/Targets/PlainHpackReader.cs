using System.Text;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// RFC 7541 in the plainest way: whole blocks, tables as lists of strings, one bit at a time. What <see cref="HpackDecoder"/> reads of any
/// bytes has to agree. Strings are Latin-1, a character for each byte.
/// </summary>
internal sealed class PlainHpackReader
{
    /// <summary>Appendix A, printed once more.</summary>
    public static IReadOnlyList<(string Name, string Value)> Static { get; } =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
        ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    private byte[] _bytes = [];
    private readonly List<(string Name, string Value)> _dynamic = [];
    private readonly List<(string Name, string Value)> _fields = [];
    private int _at;
    private int _maxSize = HpackDecoder.MaxTableSize;

    /// <summary>Two of these, where a field could begin, stand between two blocks. One alone is an index of zero, which is none.</summary>
    private static ReadOnlySpan<byte> Boundary => [0x80, 0x80];

    /// <summary>The blocks, their fields, and whether the last block is refused; it is then all that was left.</summary>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Blocks, IReadOnlyList<(string Name, string Value)> Fields, bool IsRefused) Read(byte[] bytes)
    {
        var reader = new PlainHpackReader { _bytes = bytes };
        List<ReadOnlyMemory<byte>> blocks = [];
        var start = 0;
        try
        {
            for (; reader._at < bytes.Length; start = reader._at)
            {
                var end = reader.Block();
                blocks.Add(bytes.AsMemory(start..end));
            }

            return (blocks, reader._fields, false);
        }
        catch (InvalidDataException)
        {
            blocks.Add(bytes.AsMemory(start));
            return (blocks, reader._fields, true);
        }
    }

    /// <summary>The fields of the connection's next block; null when it is refused, and then nothing more can be read.</summary>
    public IReadOnlyList<(string Name, string Value)>? ReadBlock(byte[] block)
    {
        (_bytes, _at) = (block, 0);
        _fields.Clear();
        try
        {
            for (var isBegun = false; _at < _bytes.Length;)
            {
                Representation(ref isBegun);
            }

            return _fields;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Reads a block and the boundary behind it; returns where the block ends.</summary>
    private int Block()
    {
        for (var isBegun = false; _at < _bytes.Length;)
        {
            if (_bytes.AsSpan(_at).StartsWith(Boundary))
            {
                _at += Boundary.Length;
                return _at - Boundary.Length;
            }

            Representation(ref isBegun);
        }

        return _at;
    }

    private void Representation(ref bool isBegun)
    {
        var first = _bytes[_at];
        var isResize = first >> 5 == 1;
        Ensure(!isResize || !isBegun);
        isBegun |= !isResize;
        if (first >= 0x80)
        {
            _fields.Add(Entry(Integer(7)));
        }
        else if (first >= 0x40)
        {
            _dynamic.Insert(0, Literal(6));
            Evict();
        }
        else if (first >= 0x20)
        {
            _maxSize = Integer(5);
            Ensure(_maxSize <= HpackDecoder.MaxTableSize);
            Evict();
        }
        else
        {
            Literal(4);
        }
    }

    private (string Name, string Value) Literal(int prefix)
    {
        var index = Integer(prefix);
        (string Name, string Value) field = (index > 0 ? Entry(index).Name : Text(), Text());
        _fields.Add((Cut(field.Name), Cut(field.Value)));
        return field;
    }

    private (string Name, string Value) Entry(int index)
    {
        Ensure(index > 0 && index <= Static.Count + _dynamic.Count);
        return index <= Static.Count ? Static[index - 1] : _dynamic[index - Static.Count - 1];
    }

    /// <summary>The new entry is there already: if it is too large alone, all older ones go, and then it goes.</summary>
    private void Evict()
    {
        while (_dynamic.Sum(entry => entry.Name.Length + entry.Value.Length + 32) > _maxSize)
        {
            _dynamic.RemoveAt(_dynamic.Count - 1);
        }
    }

    private string Text()
    {
        var isHuffman = Peek() >= 0x80;
        var bytes = Take(Integer(7));
        var text = isHuffman ? RfcHuffman.Decode(bytes) : bytes;
        Ensure(text is not null);
        return Encoding.Latin1.GetString(text!);
    }

    private int Integer(int prefix)
    {
        var most = (1 << prefix) - 1;
        long value = Take(1)[0] & most;
        if (value == most)
        {
            var count = 0;
            byte next;
            do
            {
                next = Take(1)[0];
                value += (next & 0x7FL) << (7 * count);
                count++;
                Ensure(count < 5 || next < 0x80);
            }
            while (next >= 0x80);
        }

        Ensure(value <= int.MaxValue);
        return (int)value;
    }

    private byte Peek()
    {
        Ensure(_at < _bytes.Length);
        return _bytes[_at];
    }

    private byte[] Take(int length)
    {
        Ensure(length <= _bytes.Length - _at);
        _at += length;
        return _bytes[(_at - length).._at];
    }

    private static string Cut(string text) => text[..Math.Min(text.Length, HpackDecoder.MaxStringLength)];

    private static void Ensure(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidDataException();
        }
    }
}
