using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>
/// The numbers of the fields of a request that the gateway cares for: at this level of the message, and below it in <see cref="Inner"/>. 0 where there
/// is no such field at this level.
/// </summary>
internal sealed record MessageFields(int RequestId, int SessionId, int UserId)
{
    public static MessageFields None { get; } = new(0, 0, 0);

    /// <summary>The messages within this one that hold some of the fields, by their number.</summary>
    public IReadOnlyList<(int Number, MessageFields Fields)> Inner { get; private init; } = [];

    /// <summary>The number of the field of the outermost message that is the session id, or holds it; 0 for none.</summary>
    public int OuterSessionId { get; private init; } = SessionId;

    /// <summary>The same of the user id.</summary>
    public int OuterUserId { get; private init; } = UserId;

    /// <summary>The fields under the names of the contract, as far as a message has them as single strings.</summary>
    public static MessageFields Of(MessageDescriptor message)
    {
        return Of(PathTo("request_id"), PathTo("session_id"), PathTo("user_id"));

        int[] PathTo(string name) => message.FindFieldByName(name) is { FieldType: FieldType.String, IsRepeated: false, RealContainingOneof: null } field ? [field.FieldNumber] : [];
    }

    /// <param name="requestId">The way to the request id; empty for none.</param>
    /// <param name="sessionId">The way to the session id; empty for none.</param>
    /// <param name="userId">The way to the user id; empty for none.</param>
    public static MessageFields Of(ReadOnlySpan<int> requestId, ReadOnlySpan<int> sessionId, ReadOnlySpan<int> userId)
    {
        var inner = new List<(int, MessageFields)>();
        foreach (var number in (SortedSet<int>)[Outer(requestId), Outer(sessionId), Outer(userId)])
        {
            var fields = number == 0 ? None : Of(Within(requestId, number), Within(sessionId, number), Within(userId, number));
            if (fields != None)
            {
                inner.Add((number, fields));
            }
        }

        var here = new MessageFields(Here(requestId), Here(sessionId), Here(userId)) { OuterSessionId = Outer(sessionId), OuterUserId = Outer(userId) };
        return inner.Count == 0 ? here : here with { Inner = inner };

        static int Outer(ReadOnlySpan<int> path) => path.IsEmpty ? 0 : path[0];

        static int Here(ReadOnlySpan<int> path) => path.Length == 1 ? path[0] : 0;

        static ReadOnlySpan<int> Within(ReadOnlySpan<int> path, int number) => path.Length > 1 && path[0] == number ? path[1..] : default;
    }

    /// <summary>What is sought within a field; null for nothing.</summary>
    public MessageFields? Within(int number)
    {
        foreach (var inner in Inner)
        {
            if (inner.Number == number)
            {
                return inner.Fields;
            }
        }

        return null;
    }

    /// <summary>Whether a field is an id, or holds one.</summary>
    public bool IsId(int number) => number == RequestId || IsIdentity(number) || Within(number) is not null;

    /// <summary>Whether a field says, or may say within, who the caller is.</summary>
    public bool IsIdentity(int number) => number == OuterSessionId || number == OuterUserId;

    /// <summary>A user id as it is written into the message; empty where it has no field for one.</summary>
    public ReadOnlyMemory<byte> UserIdField(string userId) =>
        UserId != 0 ? WireValue.Text(UserId, userId)
        : OuterUserId != 0 ? WireValue.Bytes(OuterUserId, Within(OuterUserId)!.UserIdField(userId).Span)
        : default;
}
