using System.Buffers;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Walks the fields of a protobuf message without parsing it: one pass, nothing copied, and messages within skipped whole unless they hold an id.
/// </summary>
/// <remarks>
/// The gateway decides by this walk who the caller is, and the sub-service parses the same bytes with a library of its own. So
/// everything that two parsers could read differently is refused: a tag longer than 5 bytes or above 32 bits, field number 0, groups,
/// unknown wire types, a varint longer than 10 bytes, a length above 32 bits or past the end, two session ids that differ. So are ids by the hundred.
/// Source of the format: https://protobuf.dev/programming-guides/encoding/.
/// </remarks>
internal static class MessageScanner
{
    /// <summary>
    /// An honest client sends one, or none. Each is remembered and later cut out, so a body of nothing else would cost far more
    /// time and memory than it took to send.
    /// </summary>
    private const int MaxUserIds = 128;

    /// <summary>The same of session ids: each is compared with the one before.</summary>
    private const int MaxSessionIds = 128;

    public static MessageScan Scan(in ReadOnlySequence<byte> message, MessageFields fields)
    {
        var pass = new Pass(message);
        var problem = pass.Walk(message, 0, fields);
        return new MessageScan
        {
            Problem = problem, IsCut = pass.IsCut, RequestId = pass.RequestId, SessionId = pass.SessionId, UserIds = pass.UserIds, Open = pass.Open,
        };
    }

    /// <summary>What one pass over a message has seen so far.</summary>
    private ref struct Pass(in ReadOnlySequence<byte> whole)
    {
        private readonly ReadOnlySequence<byte> _whole = whole;
        private int _sessionIds;

        public FieldRange RequestId { get; private set; }

        public FieldRange SessionId { get; private set; }

        public List<Edit>? UserIds { get; private set; }

        public bool IsCut { get; private set; }

        public FieldRange Open { get; private set; }

        /// <param name="message">The message, or one within it.</param>
        /// <param name="offset">Where it begins in the whole; 0 for the whole.</param>
        /// <param name="fields">What is sought in it.</param>
        public string? Walk(in ReadOnlySequence<byte> message, long offset, MessageFields fields)
        {
            var reader = new SequenceReader<byte>(message);
            while (!reader.End)
            {
                var start = reader.Consumed;
                if (FieldReader.Read(ref reader, out var number, out var wireType, out var value, out var at) is { } problem)
                {
                    if (offset == 0)
                    {
                        IsCut = problem == MessageProblems.PastTheEnd || reader.End;
                        Open = problem == MessageProblems.PastTheEnd && wireType == WireTag.LengthDelimited && !fields.IsId(number) ? value : default;
                    }

                    return problem;
                }

                value = new FieldRange(offset + value.Offset, value.Length);
                if (number == fields.UserId)
                {
                    if (UserIds?.Count >= MaxUserIds)
                    {
                        return MessageProblems.UserIds;
                    }

                    (UserIds ??= []).Add(new Edit(new FieldRange(offset + start, reader.Consumed - start)));
                }
                else if (wireType == WireTag.LengthDelimited && Take(number, offset + start, value, message.Slice(at, value.Length), fields) is { } within)
                {
                    return within;
                }
            }

            return null;
        }

        /// <summary>Returns why the value is refused, or null.</summary>
        private string? Take(int number, long start, FieldRange value, in ReadOnlySequence<byte> content, MessageFields fields)
        {
            if (number == fields.RequestId)
            {
                RequestId = value;
            }
            else if (number == fields.SessionId)
            {
                if (++_sessionIds > MaxSessionIds)
                {
                    return MessageProblems.ManySessionIds;
                }

                if (!SessionId.IsAbsent && !SameBytes(_whole, SessionId, value))
                {
                    return MessageProblems.SessionIds;
                }

                SessionId = value;
            }
            else if (fields.Within(number) is { } inner)
            {
                var before = UserIds?.Count ?? 0;
                if (Walk(content, value.Offset, inner) is { } problem)
                {
                    return problem;
                }

                Shorten(number, start, value, before);
            }

            return null;
        }

        /// <summary>Has a message that loses user ids say its new length.</summary>
        private readonly void Shorten(int number, long start, FieldRange value, int before)
        {
            if (UserIds is not { } edits || edits.Count == before)
            {
                return;
            }

            var length = value.Length;
            for (var i = before; i < edits.Count; i++)
            {
                length += edits[i].Replacement.Length - edits[i].Range.Length;
            }

            edits.Insert(before, new Edit(new FieldRange(start, value.Offset - start)) { Replacement = WireValue.Head(number, (int)length) });
        }
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

/// <summary>
/// What <see cref="MessageScanner"/> saw. When <see cref="Problem"/> is set the scan ended there, and the ranges are those
/// seen before it: enough to echo a request id, never enough to forward anything.
/// </summary>
internal readonly record struct MessageScan
{
    /// <summary>Why the message is refused, in a few words for the log; null when it is well-formed.</summary>
    public string? Problem { get; init; }

    /// <summary>The problem may be no more than that the bytes end too early: of the beginning of a message it says nothing.</summary>
    public bool IsCut { get; init; }

    /// <summary>The value of the request id (the last one counts, as in every protobuf parser).</summary>
    public FieldRange RequestId { get; init; }

    /// <summary>The value of the session id.</summary>
    public FieldRange SessionId { get; init; }

    /// <summary>
    /// What takes every user id out of the message, in the order of the bytes: each field that bears its number, tag included and whatever its wire type.
    /// Null when there is none.
    /// </summary>
    public IReadOnlyList<Edit>? UserIds { get; init; }

    /// <summary>
    /// The value that runs past the end, if it is none of the ids and nothing else was wrong: of the beginning of a message this is
    /// where the scan stopped. Absent otherwise.
    /// </summary>
    public FieldRange Open { get; init; }
}

/// <summary>A stretch of a message, and what replaces it.</summary>
/// <param name="Range">The stretch.</param>
internal readonly record struct Edit(FieldRange Range)
{
    /// <summary>Empty for a stretch that is only taken out.</summary>
    public ReadOnlyMemory<byte> Replacement { get; init; }
}
