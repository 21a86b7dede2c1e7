using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>Reads the fields of a message that is held whole, one by one; nested messages are passed over whole.</summary>
internal static class FieldReader
{
    /// <summary>Reads one field and moves behind it. Returns why it cannot be read, or null.</summary>
    public static string? Read(ref SequenceReader<byte> reader, out int number, out int wireType, out FieldRange value) =>
        Read(ref reader, out number, out wireType, out value, out _);

    /// <param name="reader">Stands before the field.</param>
    /// <param name="number">The number of the field.</param>
    /// <param name="wireType">How it is written.</param>
    /// <param name="value">Its value, without the length before it.</param>
    /// <param name="start">
    /// Where that begins, if it has a length. To cut the value out from there costs nothing; by its offset all pieces of memory before it would be passed over again,
    /// which of a million values in a thousand pieces takes seconds.
    /// </param>
    public static string? Read(ref SequenceReader<byte> reader, out int number, out int wireType, out FieldRange value, out SequencePosition start)
    {
        number = wireType = 0;
        start = default;
        value = default;
        if (!TryReadVarint(ref reader, WireTag.MaxBytes, out var tag))
        {
            return MessageProblems.Tag;
        }

        if (!WireTag.TryRead(tag, out number, out wireType, out var problem))
        {
            return problem;
        }

        ulong length;
        switch (wireType)
        {
            case WireTag.Varint:
                var first = reader.Consumed;
                if (!TryReadVarint(ref reader, WireTag.MaxVarintBytes, out _))
                {
                    return MessageProblems.Number;
                }

                value = new FieldRange(first, reader.Consumed - first);
                return null;
            case WireTag.Fixed64:
                length = sizeof(ulong);
                break;
            case WireTag.Fixed32:
                length = sizeof(uint);
                break;
            default:
                if (!TryReadVarint(ref reader, WireTag.MaxBytes, out length) || length > WireTag.MaxLength)
                {
                    return MessageProblems.Length;
                }

                break;
        }

        if (length > (ulong)reader.Remaining)
        {
            // Where it would stand, for whoever knows that more is to come.
            value = new FieldRange(reader.Consumed, (long)length);
            return MessageProblems.PastTheEnd;
        }

        value = new FieldRange(reader.Consumed, (long)length);
        start = reader.Position;
        reader.Advance((long)length);
        return null;
    }

    public static bool TryReadVarint(ref SequenceReader<byte> reader, int maxBytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < maxBytes && reader.TryRead(out var next); i++)
        {
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A stretch of a message: where it begins and how many bytes it holds. Messages of up to 1 GiB are held, and the values that they announce may have up to 4 GiB.</summary>
internal readonly record struct FieldRange
{
    private readonly uint _offset;
    private readonly uint _length;

    public FieldRange(long offset, long length) => (_offset, _length) = (checked((uint)offset), checked((uint)length));

    public long Offset => _offset;

    public long Length => _length;

    /// <summary>No such value. A value that is there has an offset above zero, for its tag comes first.</summary>
    public bool IsAbsent => Offset == 0;

    public long End => Offset + Length;
}

/// <summary>Why a message is refused, in a few words for the log.</summary>
internal static class MessageProblems
{
    public const string Tag = "a tag that is cut short or too long";
    public const string FieldZero = "field number 0";
    public const string Number = "a number that is cut short or too long";
    public const string Length = "a length that is cut short or too long";
    public const string Type = "a group or an unknown wire type";
    public const string PastTheEnd = "a field that runs past the end";
    public const string Within = "text that is no UTF-8, or a broken message within";
    public const string UserIds = "too many user ids";
    public const string SessionIds = "two session ids that differ";
    public const string ManySessionIds = "too many session ids";
    public const string LateId = "a user id or session id behind a large field";
}
