using Gateway.Bench.Servers;
using Gateway.Protocol;

namespace Gateway.Bench.Load;

internal static class Calls
{
    public const string NewMessagePath = "/service/message_transmit/new_message";

    /// <summary>None of those with sockets: a sender gets no event of his own message.</summary>
    private const int Person = People.Count - 1;

    /// <summary>The small call of every comparison.</summary>
    public static Call UserInfo { get; } = new(
        "user-info",
        "/service/user/get_user_info",
        new GetUserInfoReq { RequestId = "0123456789abcdef", SessionId = People.Session(Person) },
        (body, knowsPeople) => GetUserInfoRsp.Parser.ParseFrom(body) is { Success: true, RequestId: "0123456789abcdef", UserInfo: { Nickname: "Nick" } user }
            && user.UserId == (knowsPeople ? People.User(Person) : ""));

    /// <summary>A message with a text of 64 KiB, to nobody.</summary>
    public static Call LargeMessage { get; } = Message("large-message", 0, new string('x', 64 << 10));

    /// <summary>A file of 64 MiB, with the session in front of it, as the clients write it.</summary>
    public static Call Upload { get; } = new(
        "upload",
        "/service/file/put_single_file",
        new PutSingleFileReq
        {
            RequestId = "r",
            SessionId = People.Session(Person),
            FileData = new FileUploadData { FileName = "f.bin", FileSize = SubService.FileSize, FileContent = Google.Protobuf.ByteString.CopyFrom(new byte[SubService.FileSize]) },
        },
        (body, _) => PutSingleFileRsp.Parser.ParseFrom(body) is { Success: true, FileInfo.FileSize: SubService.FileSize });

    public static Call Download { get; } = new(
        "download",
        "/service/file/get_single_file",
        new GetSingleFileReq { RequestId = "r", SessionId = People.Session(Person), FileId = SubService.FileOf(SubService.FileSize) },
        (body, _) => GetSingleFileRsp.Parser.ParseFrom(body) is { Success: true, FileData.FileContent.Length: SubService.FileSize });

    /// <summary>A file of so many bytes.</summary>
    public static Call DownloadOf(int size) => new(
        $"download-{size}",
        Download.Path,
        new GetSingleFileReq { RequestId = "r", SessionId = People.Session(Person), FileId = SubService.FileOf(size) },
        (body, _) => GetSingleFileRsp.Parser.ParseFrom(body) is { Success: true, FileData.FileContent.Length: var length } && length == size);

    /// <summary>A short message to so many users.</summary>
    public static Call MessageTo(int targets) => Message($"message-to-{targets}", targets, "How are you?");

    private static Call Message(string name, int targets, string text) => new(
        name,
        NewMessagePath,
        new NewMessageReq
        {
            RequestId = "m",
            SessionId = People.Session(Person),
            ChatSessionId = SubService.Targets(0, targets),
            Message = new MessageContent { MessageType = MessageType.String, StringMessage = new StringMessageInfo { Content = text } },
        },
        (body, _) => NewMessageRsp.Parser.ParseFrom(body) is { Success: true, RequestId: "m" });
}
