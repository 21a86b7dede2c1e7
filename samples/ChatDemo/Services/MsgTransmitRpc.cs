using ChatDemo.Storage;
using Gateway.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace ChatDemo.Services;

/// <summary>
/// Takes a new message and tells whom it is for. In the real system a queue carries the message to the storage
/// service; here both share one process, so it is stored directly.
/// </summary>
internal sealed class MsgTransmitRpc(Database database, FileStore files, TimeProvider time)
    : MsgTransmitService.MsgTransmitServiceBase
{
    public override Task<GetTransmitTargetRsp> GetTransmitTarget(NewMessageReq request, ServerCallContext context)
    {
        using (var connection = database.Open())
        {
            // Before any upload is written to disk.
            connection.RequireMember(request.ChatSessionId, request.UserId);
        }

        var content = StoreAttachment(request.Message ?? new MessageContent());
        return Task.FromResult(database.Change(connection =>
        {
            connection.RequireMember(request.ChatSessionId, request.UserId);
            var message = new MessageInfo
            {
                MessageId = RandomId.Create(),
                ChatSessionId = request.ChatSessionId,
                Timestamp = time.GetUtcNow().ToUnixTimeSeconds(), // clients expect seconds
                Sender = connection.FindUser(request.UserId),
                Message = content,
            };
            connection.AddMessage(message);
            return new GetTransmitTargetRsp
            {
                Message = message,
                TargetIdList = { connection.FindMemberIds(request.ChatSessionId) },
            };
        }));
    }

    /// <summary>The message as it is kept and sent on: the file id stands where the bytes were.</summary>
    private MessageContent StoreAttachment(MessageContent content) => content.MessageType switch
    {
        MessageType.String when content.StringMessage?.Content is { Length: > 0 } => new MessageContent
        {
            MessageType = MessageType.String,
            StringMessage = content.StringMessage,
        },
        MessageType.Image when content.ImageMessage is { } image => new MessageContent
        {
            MessageType = MessageType.Image,
            ImageMessage = new ImageMessageInfo { FileId = Store(image.FileId, "image", image.ImageContent).FileId },
        },
        MessageType.File when content.FileMessage is { } file => new MessageContent
        {
            MessageType = MessageType.File,
            FileMessage = Store(file.FileId, file.FileName, file.FileContents),
        },
        MessageType.Speech when content.SpeechMessage is { } speech => new MessageContent
        {
            MessageType = MessageType.Speech,
            SpeechMessage = new SpeechMessageInfo { FileId = Store(speech.FileId, "speech", speech.FileContents).FileId },
        },
        _ => throw new RefusedException("The message is empty."),
    };

    /// <summary>Without bytes, the id of a file uploaded before.</summary>
    private FileMessageInfo Store(string fileId, string name, ByteString bytes)
    {
        if (bytes.IsEmpty && fileId.Length == 0)
        {
            throw new RefusedException("The message is empty.");
        }

        return bytes.IsEmpty ? files.Find(fileId) : files.Put(name, bytes);
    }
}
