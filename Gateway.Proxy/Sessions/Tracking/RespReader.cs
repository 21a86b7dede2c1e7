using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// Reads values of Redis's protocol, version 3 (https://redis.io/docs/latest/develop/reference/protocol-spec/), from one connection. What
/// has come of a value is kept and not read again, so one with many items costs the same in however many pieces it comes. Anything that is
/// no value ends the connection, with an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class RespReader
{
    /// <summary>The longest value, in bytes. Those that are read here are far shorter.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>How deep values may stand in others.</summary>
    public const int MaxDepth = 8;

    /// <summary>The lists whose end has not come, each an item of the one below it.</summary>
    private readonly Stack<OpenList> _open = new();

    /// <summary>How many bytes have been taken of the value whose end has not come.</summary>
    private long _taken;

    /// <summary>Takes what there is of one value off <paramref name="buffer"/>; true once it is whole.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, [NotNullWhen(true)] out RespValue? value)
    {
        while (TryReadPart(ref buffer, out var part))
        {
            if (part is not null && TryFinish(part, out value))
            {
                _taken = 0;
                return true;
            }
        }

        EnsureNotTooLong(_taken + buffer.Length);
        value = null;
        return false;
    }

    /// <summary>Takes a single value, or the beginning of a list; there is no <paramref name="part"/> then. False when that has not come yet.</summary>
    private bool TryReadPart(ref ReadOnlySequence<byte> buffer, out RespValue? part)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!TryReadPart(ref reader, out part))
        {
            return false;
        }

        buffer = buffer.Slice(reader.Position);
        _taken += reader.Consumed;
        EnsureNotTooLong(_taken);
        return true;
    }

    private bool TryReadPart(ref SequenceReader<byte> reader, out RespValue? part)
    {
        part = null;
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
                part = new RespValue(RespKind.Text, text, []);
                return true;
            case '-':
                part = new RespValue(RespKind.Error, text, []);
                return true;
            case '_':
                part = RespValue.Null;
                return true;
            case '$' or '=':
                return TryReadBlock(ref reader, RespKind.Text, Length(text), out part);
            case '!':
                return TryReadBlock(ref reader, RespKind.Error, Length(text), out part);
            case '*' or '~':
                part = Begin(RespKind.List, Length(text));
                return true;
            case '%':
                part = Begin(RespKind.List, Length(text) * 2);
                return true;
            case '>':
                part = Begin(RespKind.Push, Length(text));
                return true;
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

    /// <summary>Null when there are items to come.</summary>
    private RespValue? Begin(RespKind kind, int count)
    {
        if (count <= 0)
        {
            return count < 0 ? RespValue.Null : new RespValue(kind, "", []);
        }

        _open.Push(new OpenList(kind, count));
        return _open.Count <= MaxDepth ? null : throw new InvalidDataException("A value is too deep.");
    }

    /// <summary>Puts a value into the list that waits for it, and that one into the next if it was the last. True when no list waits any more.</summary>
    private bool TryFinish(RespValue part, [NotNullWhen(true)] out RespValue? value)
    {
        value = part;
        while (_open.TryPeek(out var list))
        {
            list.Items.Add(value);
            if (list.Items.Count < list.Count)
            {
                value = null;
                return false;
            }

            _open.Pop();
            value = new RespValue(list.Kind, "", list.Items);
        }

        return true;
    }

    private static void EnsureNotTooLong(long length)
    {
        if (length > MaxLength)
        {
            throw new InvalidDataException("A value is too long.");
        }
    }

    /// <summary>Digits alone, which .NET's own reading would not insist on; or -1, which stands for null, as older versions of the protocol write it.</summary>
    private static int Length(string text) => text switch
    {
        "-1" => -1,
        _ when text.All(char.IsAsciiDigit) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= MaxLength => length,
        _ => throw new InvalidDataException("A value has no length."),
    };

    private sealed record OpenList(RespKind Kind, int Count)
    {
        public List<RespValue> Items { get; } = [];
    }
}
