using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>
/// What stands before each field: its number and how its value is written. Source: https://protobuf.dev/programming-guides/encoding/.
/// </summary>
internal static class WireTag
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int LengthDelimited = 2;
    public const int Fixed32 = 5;

    /// <summary>The most bytes of a tag, and of a length.</summary>
    public const int MaxBytes = 5;

    public const int MaxVarintBytes = 10;

    /// <summary>The longest value. Five bytes can hold larger numbers, of which parsers drop the upper bits and read another length.</summary>
    public const ulong MaxLength = uint.MaxValue;

    /// <summary>False, and why in <paramref name="problem"/>, for a tag that parsers could read differently.</summary>
    public static bool TryRead(ulong tag, out int number, out int type, out string? problem)
    {
        number = (int)(tag >> 3);
        type = (int)(tag & 7);
        problem = tag > uint.MaxValue ? MessageProblems.Tag
            : number == 0 ? MessageProblems.FieldZero
            : type is Varint or Fixed64 or LengthDelimited or Fixed32 ? null
            : MessageProblems.Type;
        return problem is null;
    }

    /// <summary>How a value of a type is written where it stands alone.</summary>
    public static int TypeOf(FieldType type) => type switch
    {
        FieldType.Fixed64 or FieldType.SFixed64 or FieldType.Double => Fixed64,
        FieldType.Fixed32 or FieldType.SFixed32 or FieldType.Float => Fixed32,
        FieldType.String or FieldType.Bytes or FieldType.Message => LengthDelimited,
        _ => Varint,
    };
}
