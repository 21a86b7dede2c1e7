using System.Text;
using Gateway.Proxy.Sessions.Tracking;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// The same protocol as <see cref="RespReader"/> reads, in the plainest way: all bytes are there, each is looked at once, and an exception
/// ends it. What the two read of any bytes has to agree.
/// </summary>
internal sealed class PlainRespReader
{
    private readonly byte[] _bytes;
    private int _at;

    private PlainRespReader(byte[] bytes) => _bytes = bytes;

    /// <summary>All whole values, and whether what follows them is refused; if not, there is nothing more, or the beginning of a value.</summary>
    public static (IReadOnlyList<RespValue> Values, bool IsRefused) Read(byte[] bytes)
    {
        var reader = new PlainRespReader(bytes);
        List<RespValue> values = [];
        try
        {
            while (true)
            {
                values.Add(reader.Value(0));
            }
        }
        catch (EndOfStreamException)
        {
            return (values, false);
        }
        catch (InvalidDataException)
        {
            return (values, true);
        }
    }

    private RespValue Value(int depth)
    {
        Ensure(depth <= RespReader.MaxDepth);
        var line = Line();
        Ensure(line.Length > 0);
        var rest = line[1..];
        return (char)line[0] switch
        {
            '+' or ':' or ',' or '(' or '#' => Single(RespKind.Text, rest),
            '-' => Single(RespKind.Error, rest),
            '_' => RespValue.Null,
            '$' or '=' => Block(RespKind.Text, Length(rest)),
            '!' => Block(RespKind.Error, Length(rest)),
            '*' or '~' => List(RespKind.List, Length(rest), depth),
            '%' => List(RespKind.List, 2 * Length(rest), depth),
            '>' => List(RespKind.Push, Length(rest), depth),
            _ => throw new InvalidDataException(),
        };
    }

    private RespValue Block(RespKind kind, int length)
    {
        if (length < 0)
        {
            return RespValue.Null;
        }

        var block = Take(length + 2);
        Ensure(block is [.., (byte)'\r', (byte)'\n']);
        return Single(kind, block[..length]);
    }

    private RespValue List(RespKind kind, int count, int depth)
    {
        if (count < 0)
        {
            return RespValue.Null;
        }

        List<RespValue> items = [];
        while (items.Count < count)
        {
            items.Add(Value(depth + 1));
        }

        return new RespValue(kind, "", items);
    }

    private ReadOnlySpan<byte> Line()
    {
        var end = _bytes.AsSpan(_at).IndexOf("\r\n"u8);
        return end < 0 ? throw new EndOfStreamException() : Take(end + 2)[..end];
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _at)
        {
            throw new EndOfStreamException();
        }

        _at += length;
        return _bytes.AsSpan(_at - length, length);
    }

    /// <summary>Digits, or -1.</summary>
    private static int Length(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("-1"u8))
        {
            return -1;
        }

        Ensure(text.Length > 0);
        var length = 0;
        foreach (var digit in text)
        {
            Ensure(digit is >= (byte)'0' and <= (byte)'9');
            length = (10 * length) + (digit - '0');
            Ensure(length <= RespReader.MaxLength);
        }

        return length;
    }

    private static RespValue Single(RespKind kind, ReadOnlySpan<byte> text) => new(kind, Encoding.UTF8.GetString(text), []);

    private static void Ensure(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidDataException();
        }
    }
}
