using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Wire;

/// <summary>
/// Messages as no serializer of ours writes them and every parser takes them: singular fields again and again, messages in pieces, numbers
/// longer than need be, unknown fields, known fields of other wire types, fields in any order.
/// </summary>
internal static class OddBytes
{
    public static byte[] Of(IMessage message, Random random)
    {
        var fields = new List<byte[]>();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var values = field.IsRepeated ? ((System.Collections.IEnumerable)field.Accessor.GetValue(message)).Cast<object>().ToList()
                : field.FieldType == FieldType.Message && field.Accessor.GetValue(message) is null ? []
                : [field.Accessor.GetValue(message)];
            if (field.IsMap)
            {
                continue;
            }

            var own = new List<byte[]>();
            if (!field.IsRepeated && random.Next(4) == 0 && values.Count > 0)
            {
                // What comes first is overwritten, or a part of what follows.
                own.Add(Encode(field, field.FieldType == FieldType.Message ? values[0] : Other(field, values[0]), random));
            }

            own.AddRange(values.Select(value => Encode(field, value, random)));
            fields.Add(Raw.Join([.. own]));
            if (random.Next(6) == 0)
            {
                fields.Add(field.FieldType is FieldType.String or FieldType.Bytes or FieldType.Message ? Raw.Integer(field.FieldNumber, 7) : []);
            }
        }

        if (random.Next(3) == 0)
        {
            fields.Add(Raw.Bytes(100 + random.Next(1000), [1, 2, 3]));
        }

        // Of one field the order counts, of different ones it does not.
        return Raw.Join([.. fields.OrderBy(_ => random.Next())]);
    }

    private static byte[] Encode(FieldDescriptor field, object value, Random random) => field.FieldType switch
    {
        FieldType.String => Raw.Text(field.FieldNumber, (string)value, random.Next(1, 3), random.Next(1, 4)),
        FieldType.Bytes => Raw.Bytes(field.FieldNumber, ((ByteString)value).ToByteArray()),
        FieldType.Message => Raw.Bytes(field.FieldNumber, Of((IMessage)value, random)),
        FieldType.Bool => Raw.Integer(field.FieldNumber, (bool)value ? 1UL : 0UL, valueBytes: random.Next(1, 4)),
        FieldType.Enum => Raw.Integer(field.FieldNumber, (ulong)(int)value),
        _ => Raw.Integer(field.FieldNumber, (ulong)(long)value, random.Next(1, 3)),
    };

    private static object Other(FieldDescriptor field, object value) => field.FieldType switch
    {
        FieldType.String => "other",
        FieldType.Bytes => ByteString.CopyFromUtf8("other"),
        FieldType.Bool => !(bool)value,
        FieldType.Enum => 1,
        _ => 77L,
    };
}
