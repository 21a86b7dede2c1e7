using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// Reads values of Redis's protocol, version 3 (https://redis.io/docs/latest/develop/reference/protocol-spec/). Anything that is not
/// one ends the connection, with an <see cref="InvalidDataException"/>.
/// </summary>
internal static class RespReader
{
    /// <summary>The longest value, in bytes. Those that are read here are far shorter.</summary>
    public const int MaxLength = 1024 * 1024;

    private const int MaxDepth = 8;

    /// <summary>Takes one value off <paramref name="buffer"/>, if it holds a whole one.</summary>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, [NotNullWhen(true)] out RespValue? value)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (TryRead(ref reader, 0, out value))
        {
            buffer = buffer.Slice(reader.Position);
            return true;
        }

        return buffer.Length > MaxLength ? throw new InvalidDataException("A value is too long.") : false;
    }

    private static bool TryRead(ref SequenceReader<byte> reader, int depth, [NotNullWhen(true)] out RespValue? value)
    {
        value = null;
        if (depth > MaxDepth)
        {
            throw new InvalidDataException("A value is too deep.");
        }

        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, "\r\n"u8))
        {
            return false;
        }

        if (line.IsEmpty)
        {
            throw new InvalidDataException("A value has no type.");
        }

        var text = Encoding.UTF8.GetString(line.Slice(1));
        switch ((char)line.FirstSpan[0])
        {
            case '+' or ':' or ',' or '(' or '#':
                value = new RespValue(RespKind.Text, text, []);
                return true;
            case '-':
                value = new RespValue(RespKind.Error, text, []);
                return true;
            case '_':
                value = RespValue.Null;
                return true;
            case '$' or '=':
                return TryReadBlock(ref reader, RespKind.Text, Length(text), out value);
            case '!':
                return TryReadBlock(ref reader, RespKind.Error, Length(text), out value);
            case '*' or '~':
                return TryReadItems(ref reader, RespKind.List, Length(text), depth, out value);
            case '%':
                return TryReadItems(ref reader, RespKind.List, Length(text) * 2, depth, out value);
            case '>':
                return TryReadItems(ref reader, RespKind.Push, Length(text), depth, out value);
            default:
                throw new InvalidDataException("A value is of an unknown type.");
        }
    }

    private static bool TryReadBlock(ref SequenceReader<byte> reader, RespKind kind, int length, [NotNullWhen(true)] out RespValue? value)
    {
        value = null;
        if (length < 0)
        {
            value = RespValue.Null;
            return true;
        }

        if (reader.Remaining < length + 2 || !reader.TryReadExact(length, out var block))
        {
            return false;
        }

        value = reader.IsNext("\r\n"u8, advancePast: true)
            ? new RespValue(kind, Encoding.UTF8.GetString(block), [])
            : throw new InvalidDataException("A value does not end where it says.");
        return true;
    }

    private static bool TryReadItems(ref SequenceReader<byte> reader, RespKind kind, int count, int depth, [NotNullWhen(true)] out RespValue? value)
    {
        value = null;
        var items = new List<RespValue>();
        while (items.Count < count)
        {
            if (!TryRead(ref reader, depth + 1, out var item))
            {
                return false;
            }

            items.Add(item);
        }

        value = count < 0 ? RespValue.Null : new RespValue(kind, "", items);
        return true;
    }

    /// <summary>-1 stands for null, as older versions of the protocol write it.</summary>
    private static int Length(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) && length is >= -1 and <= MaxLength
            ? length
            : throw new InvalidDataException("A value has no length.");
}
