using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Walks the top-level fields of a protobuf message without parsing it: one pass, nothing copied, nested messages skipped whole.
/// </summary>
/// <remarks>
/// The gateway decides by this walk who the caller is, and the sub-service parses the same bytes with a library of its own. So
/// everything that two parsers could read differently is refused: a tag longer than 5 bytes or above 32 bits, field number 0, groups,
/// unknown wire types, a varint longer than 10 bytes, a length past the end, two session ids that differ. So are user ids by the hundred.
/// Source of the format: https://protobuf.dev/programming-guides/encoding/.
/// </remarks>
internal static class MessageScanner
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    private const int MaxTagBytes = 5;
    private const int MaxVarintBytes = 10;

    /// <summary>
    /// An honest client sends one, or none. Each is remembered and later cut out, so a body of nothing else would cost far more
    /// time and memory than it took to send.
    /// </summary>
    private const int MaxUserIds = 128;

    public static MessageScan Scan(in ReadOnlySequence<byte> message, MessageFields fields)
    {
        var reader = new SequenceReader<byte>(message);
        FieldRange requestId = default, sessionId = default;
        List<FieldRange>? userIds = null;
        string? problem = null;

        while (!reader.End)
        {
            var start = reader.Consumed;
            problem = ReadField(ref reader, out var number, out var wireType, out var value);
            if (problem is not null)
            {
                break;
            }

            if (number == fields.UserId)
            {
                if (userIds?.Count == MaxUserIds)
                {
                    problem = "too many user ids";
                    break;
                }

                (userIds ??= []).Add(new FieldRange(start, reader.Consumed - start));
            }
            else if (wireType == LengthDelimited && number == fields.RequestId)
            {
                requestId = value;
            }
            else if (wireType == LengthDelimited && number == fields.SessionId)
            {
                if (!sessionId.IsAbsent && !SameBytes(message, sessionId, value))
                {
                    problem = "two session ids that differ";
                    break;
                }

                sessionId = value;
            }
        }

        return new MessageScan { Problem = problem, RequestId = requestId, SessionId = sessionId, UserIds = userIds };
    }

    /// <summary>Reads one field and moves behind it. Returns why it cannot be read, or null.</summary>
    private static string? ReadField(ref SequenceReader<byte> reader, out int number, out int wireType, out FieldRange value)
    {
        number = wireType = 0;
        value = default;
        if (!TryReadVarint(ref reader, MaxTagBytes, out var tag) || tag > uint.MaxValue)
        {
            return "a tag that is cut short or too long";
        }

        number = (int)(tag >> 3);
        wireType = (int)(tag & 7);
        if (number == 0)
        {
            return "field number 0";
        }

        ulong length;
        switch (wireType)
        {
            case Varint:
                return TryReadVarint(ref reader, MaxVarintBytes, out _) ? null : "a number that is cut short or too long";
            case Fixed64:
                length = sizeof(ulong);
                break;
            case Fixed32:
                length = sizeof(uint);
                break;
            case LengthDelimited:
                if (!TryReadVarint(ref reader, MaxTagBytes, out length))
                {
                    return "a length that is cut short or too long";
                }

                break;
            default:
                return "a group or an unknown wire type";
        }

        if (length > (ulong)reader.Remaining)
        {
            return "a field that runs past the end";
        }

        value = new FieldRange(reader.Consumed, (long)length);
        reader.Advance((long)length);
        return null;
    }

    private static bool TryReadVarint(ref SequenceReader<byte> reader, int maxBytes, out ulong value)
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

    private static bool SameBytes(in ReadOnlySequence<byte> message, FieldRange a, FieldRange b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        var left = new SequenceReader<byte>(message.Slice(a.Offset, a.Length));
        var right = new SequenceReader<byte>(message.Slice(b.Offset, b.Length));
        while (left.TryRead(out var x) && right.TryRead(out var y))
        {
            if (x != y)
            {
                return false;
            }
        }

        return true;
    }
}
