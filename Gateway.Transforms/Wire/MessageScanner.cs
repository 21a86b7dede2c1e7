using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Walks the top-level fields of a protobuf message without parsing it: one pass, nothing copied, nested messages skipped whole.
/// </summary>
/// <remarks>
/// The gateway decides by this walk who the caller is, and the sub-service parses the same bytes with a library of its own. So
/// everything that two parsers could read differently is refused: a tag longer than 5 bytes or above 32 bits, field number 0, groups,
/// unknown wire types, a varint longer than 10 bytes, a length above 32 bits or past the end, two session ids that differ. So are user ids by the hundred.
/// Source of the format: https://protobuf.dev/programming-guides/encoding/.
/// </remarks>
internal static class MessageScanner
{
    /// <summary>
    /// An honest client sends one, or none. Each is remembered and later cut out, so a body of nothing else would cost far more
    /// time and memory than it took to send.
    /// </summary>
    private const int MaxUserIds = 128;

    public static MessageScan Scan(in ReadOnlySequence<byte> message, MessageFields fields)
    {
        var reader = new SequenceReader<byte>(message);
        FieldRange requestId = default, sessionId = default;
        FieldRange open = default;
        List<FieldRange>? userIds = null;
        string? problem = null;
        var isCut = false;

        while (!reader.End)
        {
            var start = reader.Consumed;
            problem = FieldReader.Read(ref reader, out var number, out var wireType, out var value);
            if (problem is not null)
            {
                isCut = problem == MessageProblems.PastTheEnd || reader.End;
                open = problem == MessageProblems.PastTheEnd && wireType == WireTag.LengthDelimited && !fields.IsId(number) ? value : default;
                break;
            }

            if (number == fields.UserId)
            {
                if (userIds?.Count == MaxUserIds)
                {
                    problem = MessageProblems.UserIds;
                    break;
                }

                (userIds ??= []).Add(new FieldRange(start, reader.Consumed - start));
            }
            else if (wireType == WireTag.LengthDelimited && number == fields.RequestId)
            {
                requestId = value;
            }
            else if (wireType == WireTag.LengthDelimited && number == fields.SessionId)
            {
                if (!sessionId.IsAbsent && !SameBytes(message, sessionId, value))
                {
                    problem = MessageProblems.SessionIds;
                    break;
                }

                sessionId = value;
            }
        }

        return new MessageScan { Problem = problem, IsCut = isCut, RequestId = requestId, SessionId = sessionId, UserIds = userIds, Open = open };
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
