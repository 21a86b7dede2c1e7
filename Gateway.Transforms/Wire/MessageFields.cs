using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>The field numbers of a request message that the gateway cares for; 0 where the message has no such field.</summary>
internal readonly record struct MessageFields(int RequestId, int SessionId, int UserId)
{
    /// <summary>Reads the numbers from a descriptor. Only singular string fields count: anything else of that name is not an id.</summary>
    public static MessageFields Of(MessageDescriptor message) =>
        new(NumberOf(message, "request_id"), NumberOf(message, "session_id"), NumberOf(message, "user_id"));

    public bool IsId(int number) => number == RequestId || number == SessionId || number == UserId;

    private static int NumberOf(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) is { FieldType: FieldType.String, IsRepeated: false } field ? field.FieldNumber : 0;
}
