using System.Globalization;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Kind = Google.Protobuf.WellKnownTypes.Value.KindOneofCase;

namespace Gateway.Transforms.Events;

/// <summary>
/// Makes bytes of a message that is given by the names of its fields, in proto3's JSON form, for messages that only a descriptor knows. Well-known types, such as
/// times, are written by their fields.
/// </summary>
/// <param name="explicitDefaults">Whether a value that is its type's default is written.</param>
internal sealed class FieldsEncoder(bool explicitDefaults)
{
    /// <exception cref="FormatException">A field is unknown, or its value is of another kind.</exception>
    public byte[] Encode(MessageDescriptor type, Struct fields) => Encode(type, fields, "");

    private byte[] Encode(MessageDescriptor type, Struct fields, string at)
    {
        // In the order of their numbers, as serializers write them.
        var given = fields.Fields.Where(one => one.Value.KindCase != Kind.NullValue).Select(one => (Field: Find(type, one.Key, at), one.Value)).OrderBy(one => one.Field.FieldNumber).ToArray();
        if (given.GroupBy(one => one.Field.RealContainingOneof?.FullName ?? one.Field.FullName).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new FormatException($"'{at}{twice.First().Field.Name}' and '{at}{twice.Last().Field.Name}' are both set, and only one can be there; keep one of them");
        }

        return Write(output =>
        {
            foreach (var (field, value) in given)
            {
                WriteField(output, field, value, at + field.Name);
            }
        });
    }

    private static FieldDescriptor Find(MessageDescriptor type, string name, string at)
    {
        if ((type.FindFieldByName(name) ?? type.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name)) is { } found)
        {
            return found;
        }

        string[] names = [.. type.Fields.InDeclarationOrder().Select(field => field.Name)];
        var hint = NearestName.Of(name, names) is { } nearest ? $"did you mean '{nearest}'? It has" : "it has";
        throw new FormatException($"'{at}{name}' is no field of {type.Name}; {hint} {string.Join(", ", names)}");
    }

    private void WriteField(CodedOutputStream output, FieldDescriptor field, Value value, string at)
    {
        if (field.IsMap)
        {
            Expect(value, Kind.StructValue, at, "an object");
            var (key, item) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
            foreach (var (name, one) in value.StructValue.Fields)
            {
                WriteBytes(output, field, Write(entry =>
                {
                    WriteTag(entry, key);
                    WriteText(entry, key, name, at);
                    WriteOne(entry, item, one, $"{at}.{name}");
                }));
            }
        }
        else if (!field.IsRepeated)
        {
            WriteOne(output, field, value, at);
        }
        else
        {
            Expect(value, Kind.ListValue, at, "a list");
            if (field.IsPacked && WireTag.TypeOf(field.FieldType) != WireTag.LengthDelimited && value.ListValue.Values.Count > 0)
            {
                WriteBytes(output, field, Write(packed =>
                {
                    foreach (var one in value.ListValue.Values)
                    {
                        WriteText(packed, field, TextOf(field, one, at), at);
                    }
                }));
                return;
            }

            foreach (var one in value.ListValue.Values)
            {
                WriteOne(output, field, one, at);
            }
        }
    }

    private void WriteOne(CodedOutputStream output, FieldDescriptor field, Value value, string at)
    {
        if (field.FieldType == FieldType.Message)
        {
            Expect(value, Kind.StructValue, at, "an object");
            WriteBytes(output, field, Encode(field.MessageType, value.StructValue, $"{at}."));
            return;
        }

        var text = TextOf(field, value, at);
        var isDefault = false;
        Write(nowhere => isDefault = WriteText(nowhere, field, text, at));
        if (!isDefault || explicitDefaults || field.HasPresence || field.IsRepeated)
        {
            WriteTag(output, field);
            WriteText(output, field, text, at);
        }
    }

    private static bool WriteText(CodedOutputStream output, FieldDescriptor field, string text, string at)
    {
        try
        {
            return Constants.Write(output, field, text);
        }
        catch (FormatException exception)
        {
            throw new FormatException($"'{at}' is '{text}', but {exception.Message}", exception);
        }
    }

    /// <summary>Numbers may stand as texts, as the JSON form has those of 64 bits.</summary>
    private static string TextOf(FieldDescriptor field, Value value, string at) => (field.FieldType, value.KindCase) switch
    {
        (FieldType.Bool, Kind.BoolValue) => value.BoolValue ? "true" : "false",
        (FieldType.Bool, _) => throw Mismatch(at, "a bool"),
        (_, Kind.StringValue) => value.StringValue,
        (FieldType.String or FieldType.Bytes, _) => throw Mismatch(at, "a text"),
        (_, Kind.NumberValue) => value.NumberValue.ToString("R", CultureInfo.InvariantCulture),
        _ => throw Mismatch(at, "a number"),
    };

    private static void Expect(Value value, Kind kind, string at, string what)
    {
        if (value.KindCase != kind)
        {
            throw Mismatch(at, what);
        }
    }

    private static FormatException Mismatch(string at, string what) => new($"'{at}' has to be {what}");

    private static void WriteTag(CodedOutputStream output, FieldDescriptor field) =>
        output.WriteTag(field.FieldNumber, (WireFormat.WireType)WireTag.TypeOf(field.FieldType));

    private static void WriteBytes(CodedOutputStream output, FieldDescriptor field, byte[] bytes)
    {
        output.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream);
        write(output);
        output.Flush();
        return stream.ToArray();
    }
}
