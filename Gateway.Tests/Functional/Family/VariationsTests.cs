using Gateway.Protocol;
using Gateway.Tests.Functional.Family.Variations;
using Gateway.Tests.Support;
using Google.Protobuf;
using FileDownloadData = Gateway.Tests.Functional.Family.Variations.FileDownloadData;
using GetMultiFileReq = Gateway.Tests.Functional.Family.Variations.GetMultiFileReq;
using GetMultiFileRsp = Gateway.Tests.Functional.Family.Variations.GetMultiFileRsp;

namespace Gateway.Tests.Functional.Family;

/// <summary>What differs between most deployments: package, ports, where instances register and under which names, keys in Redis, small things in messages.</summary>
[TestFixture]
[Servers]
internal sealed class VariationsTests()
    : EtcdFamilyTest("variations", ["/chen/file_service/1", "/chen/friend_service/1", "/chen/speech/recognition/1", "/chen/transmite_service/1"])
{
    [Test]
    public async Task ListInPlaceOfAMap_ArrivesAsItIs()
    {
        var files = new GetMultiFileRsp { RequestId = "r1", Success = true, FileData = { new FileDownloadData { FileId = "f1" }, new FileDownloadData { FileId = "f1", FileContent = ByteString.CopyFromUtf8("x") } } };
        Service.Answer(files);

        var answer = await CallAsync<GetMultiFileRsp>("/service/file/get_multi_file", new GetMultiFileReq { RequestId = "r1", SessionId = "s-alice", FileIdList = { "f1" } });

        Assert.That(answer, Is.EqualTo(files));
        Assert.That(
            Asked<GetMultiFileReq>("chen_im.FileService/GetMultiFile"),
            Is.EqualTo(new GetMultiFileReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice", FileIdList = { "f1" } }));
    }

    [Test]
    public async Task FurtherCall_OfAServiceThatIsBuiltIn_KeepsWhatIsEmptyAndWhatIsMissingApart()
    {
        Service.Answer(new SetFriendRemarkRsp { RequestId = "r1", Success = true });
        var request = new SetFriendRemarkReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob", Remark = "" };

        await CallAsync<SetFriendRemarkRsp>("/service/friend/set_friend_remark", request);

        Assert.That(Asked<SetFriendRemarkReq>("chen_im.FriendService/SetFriendRemark"), Is.EqualTo(new SetFriendRemarkReq(request) { UserId = "alice" }));
    }

    [Test]
    public async Task FurtherCall_WithoutASession_SaysWhy()
    {
        var answer = await CallAsync<SetFriendRemarkRsp>("/service/friend/set_friend_remark", new SetFriendRemarkReq { RequestId = "r1", PeerId = "bob" });

        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [Test]
    public async Task ServiceWithASlashInItsName_IsFound()
    {
        Service.Answer(new SpeechRecognitionRsp { RequestId = "r1", Success = true, RecognitionResult = "hello" });

        var answer = await CallAsync<SpeechRecognitionRsp>("/service/speech/recognition", new SpeechRecognitionReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(answer.RecognitionResult, Is.EqualTo("hello"));
        Assert.That(Asked<SpeechRecognitionReq>("chen_im.SpeechService/SpeechRecognition").UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task NewMessage_IsToldUnderAnyPackage()
    {
        var message = new MessageInfo { MessageId = "m1", ChatSessionId = "c1" };
        Service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = message, TargetIdList = { "alice", "bob" } });
        await using var bob = await Hub.JoinAsync("bob");

        var answer = await CallAsync<NewMessageRsp>("/service/message_transmit/new_message", new NewMessageReq { RequestId = "r1", SessionId = "s-alice", ChatSessionId = "c1" });

        Assert.That(answer, Is.EqualTo(new NewMessageRsp { RequestId = "r1", Success = true }));
        Assert.That(
            await ReceiveAsync<NotifyMessage>(bob),
            Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = message } }));
    }

    [Test]
    public async Task LastSocketGone_MarkerIsRemoved_AndTheSessionStays()
    {
        await Database.StringSetAsync("status:bob", "");
        var bob = await Hub.JoinAsync("bob");
        await bob.CloseAsync();
        await bob.DisposeAsync();

        await Eventually.That(async () => !await Database.KeyExistsAsync("status:bob"), "the marker is still there");
        Assert.That((string?)await Database.StringGetAsync("s-bob"), Is.EqualTo("bob"));
    }
}
