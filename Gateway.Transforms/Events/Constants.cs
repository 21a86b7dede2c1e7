using System.Globalization;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>Constants of rules as they stand in a message: names of enums, numbers, booleans, texts, and bytes in base64.</summary>
internal static class Constants
{
    /// <returns>The field with its tag, empty for a default that is left out; null, and what is wrong, for a text that is no such value.</returns>
    public static byte[]? Encode(FieldDescriptor field, string text, bool explicitDefaults, out string? problem)
    {
        problem = null;
        if (field.IsRepeated || field.FieldType == FieldType.Message)
        {
            problem = $"'{field.Name}' of {field.ContainingType.Name} is {FieldPath.Describe(field)}; "
                + (field.IsRepeated ? "take a list from request or answer" : "set its fields, or take a message from request or answer");
            return null;
        }

        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream);
        var isDefault = false;
        try
        {
            output.WriteTag(field.FieldNumber, (WireFormat.WireType)WireTag.TypeOf(field.FieldType));
            isDefault = Write(output, field, text);
        }
        catch (FormatException exception)
        {
            problem = exception.Message;
            return null;
        }

        output.Flush();
        return isDefault && !explicitDefaults && !field.HasPresence ? [] : stream.ToArray();
    }

    /// <summary>Writes a value without its tag. True for the default of the type.</summary>
    /// <exception cref="FormatException">The text is no such value.</exception>
    public static bool Write(CodedOutputStream output, FieldDescriptor field, string text)
    {
        switch (field.FieldType)
        {
            case FieldType.String:
                output.WriteString(text);
                return text.Length == 0;
            case FieldType.Bytes:
                var bytes = TryBase64(text) ?? throw new FormatException("bytes are written in base64");
                output.WriteBytes(ByteString.CopyFrom(bytes));
                return bytes.Length == 0;
            case FieldType.Bool:
                var flag = bool.TryParse(text, out var parsed) ? parsed : throw new FormatException("a bool is 'true' or 'false'");
                output.WriteBool(flag);
                return !flag;
            case FieldType.Enum:
                var number = NumberOf(field.EnumType, text);
                output.WriteEnum(number);
                return number == 0;
            case FieldType.Int32:
                return Of(Parse<int>(text), output.WriteInt32);
            case FieldType.SInt32:
                return Of(Parse<int>(text), output.WriteSInt32);
            case FieldType.SFixed32:
                return Of(Parse<int>(text), output.WriteSFixed32);
            case FieldType.Int64:
                return Of(Parse<long>(text), output.WriteInt64);
            case FieldType.SInt64:
                return Of(Parse<long>(text), output.WriteSInt64);
            case FieldType.SFixed64:
                return Of(Parse<long>(text), output.WriteSFixed64);
            case FieldType.UInt32:
                return Of(Parse<uint>(text), output.WriteUInt32);
            case FieldType.Fixed32:
                return Of(Parse<uint>(text), output.WriteFixed32);
            case FieldType.UInt64:
                return Of(Parse<ulong>(text), output.WriteUInt64);
            case FieldType.Fixed64:
                return Of(Parse<ulong>(text), output.WriteFixed64);
            case FieldType.Float:
                return Of(Parse<float>(text), output.WriteFloat);
            default:
                return Of(Parse<double>(text), output.WriteDouble);
        }
    }

    private static bool Of<T>(T number, Action<T> write)
        where T : struct
    {
        write(number);
        return number.Equals(default(T));
    }

    private static T Parse<T>(string text)
        where T : IParsable<T> =>
        T.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"that is no {typeof(T).Name}");

    private static int NumberOf(EnumDescriptor type, string text)
    {
        if (type.FindValueByName(text) is { } value)
        {
            return value.Number;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        string[] names = [.. type.Values.Select(known => known.Name)];
        var hint = NearestName.Of(text, names) is { } nearest ? $"did you mean '{nearest}'? It has" : "it has";
        throw new FormatException($"{type.Name} has no value '{text}'; {hint} {string.Join(", ", names)}");
    }

    private static byte[]? TryBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
