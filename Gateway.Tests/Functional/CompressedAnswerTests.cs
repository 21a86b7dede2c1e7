using System.IO.Compression;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Compression is not offered, but a sub-service that compresses nevertheless is understood.</summary>
[TestFixture]
internal sealed class CompressedAnswerTests : GatewayTest
{
    private static readonly GetUserInfoRsp Answer =
        new() { RequestId = "r1", Success = true, UserInfo = new UserInfo { Description = new string('d', 300_000) } };

    [TestCase("gzip")]
    [TestCase("deflate")]
    public async Task Answer_Compressed_IsUnpacked(string encoding)
    {
        Service.AnswerRaw(StubSubService.Frame(Compress(encoding, Answer.ToByteArray()), flag: 1), encoding: encoding);

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(await GatewayFixture.ParseAsync<GetUserInfoRsp>(response), Is.EqualTo(Answer));
        Assert.That(response.Content.Headers.ContentEncoding, Is.Empty);
    }

    [Test]
    public async Task Answer_EncodingNamedButNotUsed_IsTakenAsItIs()
    {
        Service.AnswerRaw(StubSubService.Frame(Answer.ToByteArray()), encoding: "gzip");

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(await GatewayFixture.ParseAsync<GetUserInfoRsp>(response), Is.EqualTo(Answer));
    }

    [TestCase("snappy")]
    [TestCase("identity")]
    [TestCase(null)]
    public async Task Answer_CompressedInAnUnknownWay_IsASubServiceFailure(string? encoding)
    {
        Service.AnswerRaw(StubSubService.Frame([1, 2, 3], flag: 1), encoding: encoding);

        await AssertFailedAsync(await PostAsync(GetUserInfoPath, Alice), "sub-service-failed");
    }

    [TestCase("gzip")]
    [TestCase("deflate")]
    public async Task Answer_CompressedBadly_IsASubServiceFailure(string encoding)
    {
        Service.AnswerRaw(StubSubService.Frame([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], flag: 1), encoding: encoding);

        await AssertFailedAsync(await PostAsync(GetUserInfoPath, Alice), "sub-service-failed");
    }

    [Test]
    public async Task Answer_CompressedWithABadStatus_IsThatFailure()
    {
        Service.AnswerRaw(StubSubService.Frame(Compress("gzip", Answer.ToByteArray()), flag: 1), status: 14, encoding: "gzip");

        await AssertFailedAsync(await PostAsync(GetUserInfoPath, Alice), "no-instance");
    }

    /// <summary>The message is whole long before the answer is, and with it the status.</summary>
    [TestCase("gzip")]
    [TestCase("deflate")]
    public async Task Answer_CompressedWithMoreBehindItsEnd_AndABadStatus_IsThatFailure(string encoding)
    {
        byte[] packed = [.. Compress(encoding, Answer.ToByteArray()), .. new byte[100_000]];
        Service.AnswerRaw(StubSubService.Frame(packed, flag: 1), status: 14, encoding: encoding);

        await AssertFailedAsync(await PostAsync(GetUserInfoPath, Alice), "no-instance");
    }

    [Test]
    public async Task Answer_UnpacksToMoreThanMayBeHeld_IsASubServiceFailure()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Rpc:MaxBufferedAnswer"] = "100000" });
        Service.AnswerRaw(StubSubService.Frame(Compress("gzip", Answer.ToByteArray()), flag: 1), encoding: "gzip");

        await AssertFailedAsync(await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray()), "sub-service-failed");
    }

    private static byte[] Compress(string encoding, byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (Stream packing = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true) : new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            packing.Write(bytes);
        }

        return packed.ToArray();
    }
}
