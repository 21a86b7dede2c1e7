using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Bench.Micro.Parts;

/// <summary>The messages that are read and written.</summary>
internal static class Samples
{
    public const string RequestId = "0123456789abcdef";
    public const string SessionId = "fedcba9876543210";
    public const string UserId = "u7";
    public const int LargeText = 64 << 10;
    public const int ManyFields = 1000;
    public const int AvatarBytes = 32 << 10;

    private const string Text = "How are you?";

    /// <summary>A request as most are.</summary>
    public static byte[] SmallRequest => new GetUserInfoReq { RequestId = RequestId, SessionId = SessionId }.ToByteArray();

    /// <summary>Says by itself who sends it, which is to be taken out.</summary>
    public static byte[] ForgedRequest => new GetUserInfoReq { RequestId = RequestId, UserId = "somebody-else", SessionId = SessionId }.ToByteArray();

    /// <summary>A chat message of 64 KiB, in one field.</summary>
    public static byte[] LargeRequest => NewMessage(new string('x', LargeText)).ToByteArray();

    /// <summary>A request of a thousand short fields.</summary>
    public static byte[] ManyFieldsRequest => new GetMultiFileReq
    {
        RequestId = RequestId,
        SessionId = SessionId,
        FileIdList = { Enumerable.Range(0, ManyFields).Select(number => $"file-{number}") },
    }.ToByteArray();

    public static NewMessageReq NewMessage(string text) => new()
    {
        RequestId = RequestId,
        SessionId = SessionId,
        ChatSessionId = "chat",
        Message = new MessageContent { MessageType = MessageType.String, StringMessage = new StringMessageInfo { Content = text } },
    };

    /// <summary>What the targets of a chat message are told.</summary>
    /// <param name="avatar">How many bytes the picture of its sender has.</param>
    public static NotifyMessage Event(int avatar) => new()
    {
        NotifyType = NotifyType.ChatMessageNotify,
        NewMessageInfo = new NotifyNewMessage { MessageInfo = Message(avatar) },
    };

    /// <summary>What the sub-service answers to a chat message.</summary>
    public static byte[] TransmitAnswer(int avatar, int targets, string text = Text) => new GetTransmitTargetRsp
    {
        RequestId = RequestId,
        Success = true,
        Message = Message(avatar, text),
        TargetIdList = { Enumerable.Range(0, targets).Select(target => $"target-{target}") },
    }.ToByteArray();

    private static MessageInfo Message(int avatar, string text = Text) => new()
    {
        MessageId = "message",
        ChatSessionId = "chat",
        Timestamp = 1_764_000_000,
        Sender = new UserInfo { UserId = UserId, Nickname = "Nick", Avatar = ByteString.CopyFrom(new byte[avatar]) },
        Message = NewMessage(text).Message,
    };
}
