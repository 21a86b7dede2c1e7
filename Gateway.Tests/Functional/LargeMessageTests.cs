using System.Security.Cryptography;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Files of 64 MiB, both ways.</summary>
[TestFixture]
internal sealed class LargeMessageTests : GatewayTest
{
    private const int FileSize = 64 << 20;

    [Test]
    public async Task PutSingleFile_64MiB_ArrivesIntact()
    {
        var content = Bytes(FileSize);
        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });

        var answer = await Gateway.CallAsync<PutSingleFileRsp>("/service/file/put_single_file", new PutSingleFileReq
        {
            RequestId = "r1",
            SessionId = "s-alice",
            FileData = new FileUploadData { FileName = "f", FileSize = FileSize, FileContent = UnsafeByteOperations.UnsafeWrap(content) },
        });

        Assert.That(answer.Success, Is.True);
        var arrived = PutSingleFileReq.Parser.ParseFrom(Service.LastCall.Message);
        Assert.That(arrived.UserId, Is.EqualTo("alice"));
        Assert.That(Hash(arrived.FileData.FileContent.Span), Is.EqualTo(Hash(content)));
    }

    [Test]
    public async Task GetSingleFile_64MiB_ArrivesIntact()
    {
        var content = Bytes(FileSize);
        Service.Answer(new GetSingleFileRsp
        {
            RequestId = "r1",
            Success = true,
            FileData = new FileDownloadData { FileId = "f", FileContent = UnsafeByteOperations.UnsafeWrap(content) },
        });

        var answer = await Gateway.CallAsync<GetSingleFileRsp>("/service/file/get_single_file", new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(Hash(answer.FileData.FileContent.Span), Is.EqualTo(Hash(content)));
    }

    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(65_537)]
    [TestCase(1 << 20)]
    public async Task GetUserInfo_AnswerAroundWhatIsHeld_ArrivesIntactWithItsLength(int size)
    {
        // Tag and length before the avatar take 4 bytes up to a length of 2 MiB, and those of user_info around it as many.
        var message = new GetUserInfoRsp { UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(Bytes(size - 8)) } };
        Assert.That(message.CalculateSize(), Is.EqualTo(size));
        Service.Answer(message);

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(size));
        Assert.That(await GatewayFixture.ParseAsync<GetUserInfoRsp>(response), Is.EqualTo(message));
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
