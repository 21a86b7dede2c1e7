using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>Events that come of no call: sub-services give them as bytes, or by the names of their fields.</summary>
public sealed class GivenEvent
{
    /// <summary>What an event is called in metrics that names no type of its own.</summary>
    public const string Nameless = "push";

    private readonly IOptions<EventOptions> _options;
    private readonly TemplateParser _templates;
    private readonly RpcCatalogs _catalogs;

    internal GivenEvent(IOptions<EventOptions> options, RpcCatalogs catalogs) => (_options, _templates, _catalogs) = (options, new TemplateParser(options), catalogs);

    /// <summary>
    /// Whether bytes are fields, one after the other. What the fields mean is between those who push and the clients: either may know more of them than the gateway.
    /// </summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanFieldReader(bytes);
        while (reader.Read())
        {
        }

        return reader.IsSound && !bytes.IsEmpty;
    }

    /// <summary>Makes the bytes of an event.</summary>
    /// <param name="catalogName">The messages there are.</param>
    /// <param name="fields">The event in proto3's JSON form.</param>
    /// <returns>What it is called, and its bytes.</returns>
    /// <exception cref="FormatException">The fields are not those of the message that is pushed; says which, and what to write instead.</exception>
    public (string Type, byte[] Bytes) Encode(string catalogName, Struct fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        List<string> errors = [];
        var pushed = _templates.FindEvent(_catalogs.Of(catalogName), errors) ?? throw new FormatException(errors[0]);
        return (TypeOf(pushed, fields), new FieldsEncoder(_options.Value.ExplicitDefaults).Encode(pushed, fields));
    }

    /// <summary>As for rules, the name that the first enum is set to.</summary>
    private static string TypeOf(MessageDescriptor pushed, Struct fields) =>
        pushed.Fields.InFieldNumberOrder().FirstOrDefault(field => field is { FieldType: FieldType.Enum, IsRepeated: false }) is { } type
        && (fields.Fields.GetValueOrDefault(type.Name) ?? fields.Fields.GetValueOrDefault(type.JsonName)) is { KindCase: Value.KindOneofCase.StringValue } value
        && type.EnumType.FindValueByName(value.StringValue) is { } known
            ? known.Name
            : Nameless;
}
