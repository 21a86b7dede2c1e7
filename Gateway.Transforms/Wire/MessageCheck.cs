using System.Buffers;
using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Finds out that a message can be parsed without parsing it: a parser would make strings and objects of everything. It goes by the rules
/// of parsers for proto3, and refuses groups besides, which nothing here can read.
/// </summary>
internal static class MessageCheck
{
    /// <summary>As deep as parsers go.</summary>
    private const int MaxDepth = 100;

    /// <summary>True for what every parser takes: well-formed to the innermost message, and all text valid UTF-8.</summary>
    public static bool IsSound(in ReadOnlySequence<byte> message, MessageDescriptor type) => IsSound(message, type, MaxDepth);

    /// <summary>True for a value that a parser takes: text in UTF-8, a message that is sound, packed numbers that are whole.</summary>
    public static bool IsSound(in ReadOnlySequence<byte> value, FieldDescriptor field) => IsSound(value, field, MaxDepth);

    private static bool IsSound(in ReadOnlySequence<byte> message, MessageDescriptor type, int depth)
    {
        var reader = new SequenceReader<byte>(message);
        while (!reader.End)
        {
            if (depth == 0 || FieldReader.Read(ref reader, out var number, out var wireType, out var value, out var start) is not null)
            {
                return false;
            }

            if (wireType == WireTag.LengthDelimited && type.FindFieldByNumber(number) is { } field
                && !IsSound(message.Slice(start, value.Length), field, depth - 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSound(in ReadOnlySequence<byte> value, FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.String => IsUtf8(value),
        FieldType.Message => IsSound(value, field.MessageType, depth),
        FieldType.Bytes or FieldType.Group => true,
        // Packed numbers of a field that is not repeated are an unknown field.
        _ => !field.IsRepeated || ArePacked(value, field.FieldType),
    };

    private static bool ArePacked(in ReadOnlySequence<byte> numbers, FieldType type)
    {
        var wireType = WireTag.TypeOf(type);
        if (wireType != WireTag.Varint)
        {
            return numbers.Length % (wireType == WireTag.Fixed64 ? sizeof(ulong) : sizeof(uint)) == 0;
        }

        var reader = new SequenceReader<byte>(numbers);
        while (!reader.End)
        {
            if (!FieldReader.TryReadVarint(ref reader, WireTag.MaxVarintBytes, out _))
            {
                return false;
            }
        }

        return true;
    }

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
