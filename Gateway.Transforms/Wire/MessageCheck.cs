using System.Buffers;
using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Finds out that a message can be parsed without parsing it: a parser would make strings and objects of everything. It is stricter than
/// parsers are, so where it says no they have to be asked.
/// </summary>
internal static class MessageCheck
{
    /// <summary>Parsers go deeper; the messages that are checked do not.</summary>
    private const int MaxDepth = 8;

    /// <summary>True only for what every parser takes: well-formed to the innermost message, and all text valid UTF-8.</summary>
    public static bool IsSound(in ReadOnlySequence<byte> message, MessageDescriptor type) => IsSound(message, type, MaxDepth);

    private static bool IsSound(in ReadOnlySequence<byte> message, MessageDescriptor type, int depth)
    {
        var reader = new SequenceReader<byte>(message);
        while (!reader.End)
        {
            if (depth == 0 || FieldReader.Read(ref reader, out var number, out var wireType, out var value) is not null)
            {
                return false;
            }

            if (wireType == WireTag.LengthDelimited && type.FindFieldByNumber(number) is { } field
                && !IsSound(message.Slice(value.Offset, value.Length), field, depth - 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSound(in ReadOnlySequence<byte> value, FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.String => IsUtf8(value),
        FieldType.Bytes => true,
        FieldType.Message => IsSound(value, field.MessageType, depth),
        // Numbers in a row.
        _ => false,
    };

    private static bool IsUtf8(in ReadOnlySequence<byte> text)
    {
        if (text.IsSingleSegment)
        {
            return Utf8.IsValid(text.FirstSpan);
        }

        var length = (int)text.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        text.CopyTo(whole);
        var isValid = Utf8.IsValid(whole.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(whole);
        return isValid;
    }
}
