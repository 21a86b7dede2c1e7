using System.Buffers;
using Gateway.Protocol;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>A kind of request, and how a sub-service reads it: Google's parser stands for the sub-service.</summary>
internal sealed class Message
{
    /// <summary>
    /// The ids stand in another order in each of these; the last but one has a large field, so it may be passed on as it comes. The last stands for requests
    /// with ids within: its session is the chat session there, and its user the sender.
    /// </summary>
    public static readonly IReadOnlyList<Message> All =
    [
        new(GetUserInfoReq.Descriptor, "session_id", "user_id"), new(FriendAddProcessReq.Descriptor, "session_id", "user_id"),
        new(PutSingleFileReq.Descriptor, "session_id", "user_id"), new(NotifyNewMessage.Descriptor, "message_info.chat_session_id", "message_info.sender.user_id"),
    ];

    private readonly MessageParser _parser;
    private readonly IReadOnlyList<FieldDescriptor> _userId;
    private readonly IReadOnlyList<FieldDescriptor> _sessionId;

    private Message(MessageDescriptor type, string sessionId, string userId)
    {
        // A user id of the wrong wire type is an unknown field, which the gateway takes out.
        _parser = type.Parser.WithDiscardUnknownFields(true);
        (_sessionId, _userId) = (FieldPath.Find(type, sessionId, out _)!, FieldPath.Find(type, userId, out _)!);
        int[] requestId = FieldPath.Find(type, "request_id", out _) is { } path ? [path[0].FieldNumber] : [];
        Fields = MessageFields.Of(requestId, [.. _sessionId.Select(field => field.FieldNumber)], [.. _userId.Select(field => field.FieldNumber)]);
    }

    public MessageFields Fields { get; }

    /// <summary>Null when it cannot be parsed.</summary>
    public IMessage? Parse(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            return _parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    public string UserId(IMessage message) => Text(message, _userId);

    public string SessionId(IMessage message) => Text(message, _sessionId);

    /// <summary>The same request in the name of somebody.</summary>
    public IMessage As(IMessage message, string userId)
    {
        var holder = message;
        foreach (var field in _userId.SkipLast(1))
        {
            if (field.Accessor.GetValue(holder) is null)
            {
                field.Accessor.SetValue(holder, field.MessageType.Parser.ParseFrom([]));
            }

            holder = (IMessage)field.Accessor.GetValue(holder);
        }

        _userId[^1].Accessor.SetValue(holder, userId);
        return message;
    }

    private static string Text(IMessage message, IReadOnlyList<FieldDescriptor> path)
    {
        object? value = message;
        foreach (var field in path)
        {
            value = value is null ? null : field.Accessor.GetValue((IMessage)value);
        }

        return (string?)value ?? "";
    }
}
