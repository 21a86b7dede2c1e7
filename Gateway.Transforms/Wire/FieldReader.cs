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
