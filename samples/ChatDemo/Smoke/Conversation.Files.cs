using Gateway.Protocol;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>Files go up and come down again, alone, together, inside a message, and large.</summary>
internal sealed partial class Conversation
{
    private async Task FilesAsync()
    {
        await step("bob uploads a file, alice downloads it", () => RoundTripAsync("recipe.txt", Bytes("flour, eggs, sugar")));
        await step("20 MiB go up and down unchanged", () =>
        {
            var content = new byte[20 * 1024 * 1024];
            new Random(1).NextBytes(content);
            return RoundTripAsync("party.mp4", UnsafeByteOperations.UnsafeWrap(content));
        });
        await step("two files at once", async () =>
        {
            var put = await _bob.CallAsync(Api.PutMultiFile, new PutMultiFileReq
            {
                FileData = { Upload("a.txt", Bytes("first")), Upload("b.txt", Bytes("second")) },
            });
            Expect.Equal("a.txt, b.txt", string.Join(", ", put.FileInfo.Select(file => file.FileName)), "file names");
            var ids = put.FileInfo.Select(file => file.FileId).ToList();
            var files = (await _alice.CallAsync(Api.GetMultiFile, new GetMultiFileReq { FileIdList = { ids } })).FileData;
            Expect.Equal(Bytes("first"), files[ids[0]].FileContent, "first file");
            Expect.Equal(Bytes("second"), files[ids[1]].FileContent, "second file");
        });
        await step("an unknown file id is refused", () =>
            _alice.RefusedAsync(Api.GetSingleFile, new GetSingleFileReq { FileId = "../chat.db" }, "There is no file '../chat.db'."));
        await step("a file sent in a message is kept under a file id", async () =>
        {
            await _bob.CallAsync(Api.NewMessage, FileMessage("cake.txt", Bytes("a picture of cake")));
            var messages = await _carol.CallAsync(Api.GetRecent, new GetRecentMsgReq { ChatSessionId = _group, MsgCount = 1 });
            var file = messages.MsgList.Single().Message.FileMessage;
            Expect.Equal("cake.txt", file.FileName, "file_name");
            Expect.Equal(17, file.FileSize, "file_size");
            var download = await _carol.CallAsync(Api.GetSingleFile, new GetSingleFileReq { FileId = file.FileId });
            Expect.Equal(Bytes("a picture of cake"), download.FileData.FileContent, "file_content");
        });
        await step("alice and carol are told of the file, without its bytes", async () =>
        {
            foreach (var person in new[] { _alice, _carol })
            {
                var file = (await HearMessageAsync(person, _bob, _group)).FileMessage;
                Expect.Equal("cake.txt", file.FileName, "file_name");
                Expect.True(file.FileId.Length > 0, "a file_id", file.FileId);
                Expect.Equal(0, file.FileContents.Length, "length of file_contents");
            }
        });
        await step("speech recognition says that there is none", () =>
            _alice.RefusedAsync(
                Api.Recognition,
                new SpeechRecognitionReq { SpeechContent = Bytes("hello") },
                "No speech recogniser is configured in this demo."));
    }

    private async Task RoundTripAsync(string name, ByteString content)
    {
        var put = await _bob.CallAsync(Api.PutSingleFile, new PutSingleFileReq { FileData = Upload(name, content) });
        Expect.Equal(content.Length, put.FileInfo.FileSize, "file_size");
        var get = await _alice.CallAsync(Api.GetSingleFile, new GetSingleFileReq { FileId = put.FileInfo.FileId });
        Expect.True(content.Equals(get.FileData.FileContent), $"the {content.Length} bytes sent", $"{get.FileData.FileContent.Length} bytes");
    }

    private static FileUploadData Upload(string name, ByteString content) =>
        new() { FileName = name, FileSize = content.Length, FileContent = content };

    private NewMessageReq FileMessage(string name, ByteString content) => new()
    {
        ChatSessionId = _group,
        Message = new MessageContent
        {
            MessageType = MessageType.File,
            FileMessage = new FileMessageInfo { FileName = name, FileSize = content.Length, FileContents = content },
        },
    };
}
