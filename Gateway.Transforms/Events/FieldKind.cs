using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>Compares fields of several messages, of which one is to take the value of another as the bytes that it is.</summary>
internal static class FieldKind
{
    /// <summary>Whether a parser reads the same from the bytes of both.</summary>
    public static bool IsSame(FieldDescriptor a, FieldDescriptor b) =>
        a.IsMap == b.IsMap && (a.IsMap ? SameMap(a, b) : SameKind(a, b));

    private static bool SameMap(FieldDescriptor a, FieldDescriptor b) =>
        SameKind(a.MessageType.FindFieldByNumber(1), b.MessageType.FindFieldByNumber(1)) && SameKind(a.MessageType.FindFieldByNumber(2), b.MessageType.FindFieldByNumber(2));

    private static bool SameKind(FieldDescriptor a, FieldDescriptor b) =>
        a.FieldType == b.FieldType && SameType(a, b, []);

    private static bool SameType(FieldDescriptor a, FieldDescriptor b, HashSet<MessageDescriptor> seen) => a.FieldType switch
    {
        FieldType.Message => SameMessage(a.MessageType, b.MessageType, seen),
        FieldType.Enum => a.EnumType.Values.All(value => (b.EnumType.FindValueByName(value.Name)?.Number ?? value.Number) == value.Number),
        _ => true,
    };

    /// <summary>Files may name one message in packages of their own, and one of them may know fields that the other does not. What both know has to be the same.</summary>
    private static bool SameMessage(MessageDescriptor a, MessageDescriptor b, HashSet<MessageDescriptor> seen) =>
        a == b || !seen.Add(a) || (a.Name == b.Name && a.Fields.InDeclarationOrder().All(field =>
            b.FindFieldByNumber(field.FieldNumber) is not { } other
                ? b.FindFieldByName(field.Name) is null
                : (field.Name, field.FieldType, field.IsRepeated) == (other.Name, other.FieldType, other.IsRepeated)
                    && SameType(field, other, seen)));
}
