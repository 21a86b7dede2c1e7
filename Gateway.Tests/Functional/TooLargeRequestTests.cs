using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A request beyond the limit of its route gets an answer that even a client reads which writes everything first.</summary>
[TestFixture]
internal sealed class TooLargeRequestTests : GatewayTest
{
    private const int DefaultLimit = 4 << 20;
    private const int FileLimit = 65 << 20;

    [Test]
    public async Task Post_ExactlyTheLimit_Passes()
    {
        Service.Answer(new SetUserAvatarRsp { RequestId = "r1", Success = true });

        using var response = await Gateway.PostAsync(SetAvatarPath, AvatarOf(DefaultLimit));

        Assert.That((await GatewayFixture.ParseAsync<SetUserAvatarRsp>(response)).Success, Is.True);
        Assert.That(SetUserAvatarReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Post_OneByteMore_IsRefused() =>
        await AssertRefusedAsync(await Gateway.PostAsync(SetAvatarPath, AvatarOf(DefaultLimit + 1)), "too-large");

    [Test]
    public async Task Post_OneByteMoreChunked_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, SetAvatarPath) { Content = new StreamContent(new MemoryStream(AvatarOf(DefaultLimit + 1))) };
        request.Headers.TransferEncodingChunked = true;

        await AssertRefusedAsync(await Gateway.Client.SendAsync(request), "too-large");
    }

    [Test]
    public async Task Post_TooLargeFromAPlainClient_IsAnsweredAndTheConnectionGoesOn()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync(SetAvatarPath, AvatarOf(6 << 20));
            AssertTooLarge(await client.ReadAsync());
        }

        await client.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Post_TooLargeChunkedFromAPlainClient_IsAnsweredAndTheConnectionGoesOn()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        await client.SendAsync($"POST {SetAvatarPath} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in AvatarOf(6 << 20).Chunk(100_000))
        {
            await client.SendAsync($"{piece.Length:x}\r\n");
            await client.SendAsync(piece);
            await client.SendAsync("\r\n");
        }

        await client.SendAsync("0\r\n\r\n");
        AssertTooLarge(await client.ReadAsync());

        await client.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
    }

    [Test]
    public async Task Post_MoreThanIsDiscarded_IsAnsweredBeforeItHasArrived()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Rpc:MaxDiscardedRequest"] = "0" });
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync($"POST {SetAvatarPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000000\r\n\r\n");
        await client.SendAsync(new SetUserAvatarReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());

        AssertTooLarge(await client.ReadAsync());
    }

    [Test]
    public async Task Post_ExpectContinueTooLarge_IsAnswered()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        var body = AvatarOf(6 << 20);

        await client.SendAsync($"POST {SetAvatarPath} HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\nContent-Length: {body.Length}\r\n\r\n");
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(100));
        await client.SendAsync(body);

        AssertTooLarge(await client.ReadAsync());
    }

    [Test]
    public async Task PutSingleFile_BeyondTheRoutesOwnLimit_IsRefused()
    {
        var body = FileOf(FileLimit + 1);

        using var client = await RawClient.ConnectAsync(Gateway.Address);
        await client.PostAsync("/service/file/put_single_file", body);

        AssertTooLarge(await client.ReadAsync());
    }

    [Test]
    public async Task RouteLimit_FromSettings_Holds()
    {
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Routes:user-set-avatar:MaxRequestBodySize"] = "100" });

        using var passes = await gateway.PostAsync(SetAvatarPath, AvatarOf(100));
        using var refused = await gateway.PostAsync(SetAvatarPath, AvatarOf(101));

        Assert.That(GatewayFixture.ErrorCode(passes), Is.Empty);
        await AssertFailedAsync(refused, "too-large");
    }

    private void AssertTooLarge(RawResponse response)
    {
        var answer = UserRegisterRsp.Parser.ParseFrom(response.Body);
        Assert.Multiple(() =>
        {
            Assert.That(response.Status, Is.EqualTo(200));
            Assert.That(response.Headers["x-gateway-error"], Is.EqualTo("too-large"));
            Assert.That(answer.RequestId, Is.EqualTo("r1"));
            Assert.That(answer.Errmsg, Is.Not.Empty);
            Assert.That(Service.Calls, Is.Empty);
        });
    }

    private static byte[] AvatarOf(int size) =>
        Grown(size, avatar => new SetUserAvatarReq { RequestId = "r1", SessionId = "s-alice", Avatar = avatar });

    private static byte[] FileOf(int size) =>
        Grown(size, content => new PutSingleFileReq { RequestId = "r1", SessionId = "s-alice", FileData = new FileUploadData { FileContent = content } });

    /// <summary>A message whose bytes are exactly this many.</summary>
    private static byte[] Grown(int size, Func<ByteString, IMessage> make)
    {
        var overhead = size - make(ByteString.CopyFrom(new byte[size])).CalculateSize();
        var body = make(UnsafeByteOperations.UnsafeWrap(new byte[size + overhead])).ToByteArray();
        Assert.That(body, Has.Length.EqualTo(size));
        return body;
    }
}
