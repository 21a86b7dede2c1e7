namespace Gateway.Transforms.Wire;

/// <summary>
/// Follows the top-level fields of a message that passes by in pieces, by the same rules as <see cref="MessageScanner"/>. It begins in
/// the middle of a field and holds nothing of what it has seen.
/// </summary>
/// <param name="fields">The ids. None may come any more: who sends the message has been decided.</param>
/// <param name="open">How many bytes are left of the value it begins in.</param>
internal sealed class MessageWalker(MessageFields fields, long open)
{
    private long _skip = open;
    private Part _part = Part.Tag;
    private int _bytes;
    private ulong _value;

    private enum Part
    {
        Tag,
        Number,
        Length,
    }

    /// <summary>Walks on. Returns why the message is refused, or null.</summary>
    public string? Walk(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, piece.Length);
                _skip -= skipped;
                piece = piece[skipped..];
                continue;
            }

            if (Take(piece[0]) is { } problem)
            {
                return problem;
            }

            piece = piece[1..];
        }

        return null;
    }

    /// <summary>Why the message can't end here, or null.</summary>
    public string? End() => _skip > 0 ? MessageProblems.PastTheEnd : _bytes > 0 || _part != Part.Tag ? Incomplete(_part) : null;

    private string? Take(byte next)
    {
        if (_bytes == MaxBytes(_part))
        {
            return Incomplete(_part);
        }

        _value |= (ulong)(next & 0x7F) << (7 * _bytes++);
        if (next >= 0x80)
        {
            return _bytes == MaxBytes(_part) ? Incomplete(_part) : null;
        }

        var (part, value) = (_part, _value);
        (_part, _value, _bytes) = (Part.Tag, 0, 0);
        return part switch
        {
            Part.Tag => TakeTag(value),
            Part.Length => TakeLength(value),
            _ => null,
        };
    }

    private string? TakeLength(ulong length)
    {
        if (length > WireTag.MaxLength)
        {
            return MessageProblems.Length;
        }

        _skip = (long)length;
        return null;
    }

    private string? TakeTag(ulong tag)
    {
        if (!WireTag.TryRead(tag, out var number, out var type, out var problem))
        {
            return problem;
        }

        if (fields.IsIdentity(number))
        {
            return MessageProblems.LateId;
        }

        switch (type)
        {
            case WireTag.Varint:
                _part = Part.Number;
                break;
            case WireTag.LengthDelimited:
                _part = Part.Length;
                break;
            default:
                _skip = type == WireTag.Fixed64 ? sizeof(ulong) : sizeof(uint);
                break;
        }

        return null;
    }

    private static int MaxBytes(Part part) => part == Part.Number ? WireTag.MaxVarintBytes : WireTag.MaxBytes;

    private static string Incomplete(Part part) => part switch
    {
        Part.Tag => MessageProblems.Tag,
        Part.Number => MessageProblems.Number,
        _ => MessageProblems.Length,
    };
}
