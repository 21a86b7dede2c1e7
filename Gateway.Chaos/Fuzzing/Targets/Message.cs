using System.Buffers;
using Gateway.Protocol;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>A kind of request, and how a sub-service reads it: Google's parser stands for the sub-service.</summary>
internal sealed class Message
{
    /// <summary>The ids stand in another order in each of these; the last has a large field, so it may be passed on as it comes.</summary>
    public static readonly IReadOnlyList<Message> All =
        [new(GetUserInfoReq.Descriptor), new(FriendAddProcessReq.Descriptor), new(PutSingleFileReq.Descriptor)];

    private readonly MessageParser _parser;
    private readonly IFieldAccessor _userId;
    private readonly IFieldAccessor _sessionId;

    private Message(MessageDescriptor type)
    {
        Fields = MessageFields.Of(type);
        // A user id of the wrong wire type is an unknown field, which the gateway takes out.
        _parser = type.Parser.WithDiscardUnknownFields(true);
        _userId = type.FindFieldByName("user_id").Accessor;
        _sessionId = type.FindFieldByName("session_id").Accessor;
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

    public string UserId(IMessage message) => (string)_userId.GetValue(message);

    public string SessionId(IMessage message) => (string)_sessionId.GetValue(message);

    /// <summary>The same request in the name of somebody.</summary>
    public IMessage As(IMessage message, string userId)
    {
        _userId.SetValue(message, userId);
        return message;
    }
}
