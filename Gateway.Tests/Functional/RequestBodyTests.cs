using System.Net;
using System.Net.Http.Headers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>The bodies that clients send, from none at all to chunked ones.</summary>
[TestFixture]
internal sealed class RequestBodyTests : GatewayTest
{
    [Test]
    public async Task Post_EmptyBody_IsTheMessageOfAllDefaults()
    {
        Service.Answer(new UserLoginRsp { Success = true, LoginSessionId = "s1" });

        var answer = await Gateway.CallAsync<UserLoginRsp>(AnonymousPath, new UserLoginReq());

        Assert.That(answer, Is.EqualTo(new UserLoginRsp { Success = true, LoginSessionId = "s1" }));
        Assert.That(Service.LastCall.Body, Is.EqualTo(new byte[5]));
    }

    [TestCase("Content-Length: 0\r\n")]
    [TestCase("")]
    [TestCase("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    public async Task Post_NoBodyByAnyMeans_IsTheMessageOfAllDefaults(string headers, string body = "")
    {
        Service.Answer(new UserLoginRsp { Success = true, LoginSessionId = "s1" });
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {AnonymousPath} HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n{body}");
        var response = await client.ReadAsync();

        Assert.That(response.Status, Is.EqualTo(200));
        Assert.That(UserLoginRsp.Parser.ParseFrom(response.Body).LoginSessionId, Is.EqualTo("s1"));
        Assert.That(Service.LastCall.Body, Is.EqualTo(new byte[5]));
    }

    [Test]
    public async Task Post_ChunkedBody_ArrivesWhole()
    {
        var request = new UserLoginReq { RequestId = "r1", Nickname = new string('n', 50_000), Password = "p" };
        var body = request.ToByteArray();
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {AnonymousPath} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in body.Chunk(7_001))
        {
            await client.SendAsync($"{piece.Length:x}\r\n");
            await client.SendAsync(piece);
            await client.SendAsync("\r\n");
        }

        await client.SendAsync("0\r\n\r\n");
        var response = await client.ReadAsync();

        Assert.That(response.Status, Is.EqualTo(200));
        Assert.That(UserLoginReq.Parser.ParseFrom(Service.LastCall.Message), Is.EqualTo(request));
    }

    [Test]
    public async Task Post_BodyOfUnknownLengthFromHttpClient_ArrivesWhole()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new StreamContent(new MemoryStream(Alice.ToByteArray())) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await Gateway.Client.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [TestCase(new byte[] { 0x0A }, TestName = "Post_CutShort_IsRefused")]
    [TestCase(new byte[] { 0x0B, 0x0C }, TestName = "Post_Group_IsRefused")]
    [TestCase(new byte[] { 0x7B, 0x22, 0x61, 0x22, 0x7D }, TestName = "Post_JsonLabelledAsProtobuf_IsRefused")]
    public async Task Post_NoMessage_IsRefused(byte[] body) =>
        await AssertRefusedAsync(await Gateway.PostAsync(AnonymousPath, body), "bad-request", requestId: "");

    [Test]
    public async Task Post_GarbageAfterTheRequestId_IsRefusedWithThatId()
    {
        byte[] body = [.. new UserLoginReq { RequestId = "r1" }.ToByteArray(), 0xFF];

        await AssertRefusedAsync(await Gateway.PostAsync(AnonymousPath, body), "bad-request");
    }

    [TestCase("application/x-protobuf")]
    [TestCase("application/protobuf")]
    [TestCase("application/octet-stream")]
    [TestCase("Application/X-Protobuf")]
    [TestCase("application/x-protobuf; charset=utf-8; messageType=\"bite_im.UserLoginReq\"")]
    [TestCase(null)]
    public async Task Post_ContentTypeOfAMessage_IsTaken(string? contentType)
    {
        using var response = await Gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray(), contentType);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Headers["content-type"], Is.EqualTo("application/grpc"));
    }

    [TestCase("application/json")]
    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("application/grpc")]
    [TestCase("application/x-protobuf-other")]
    public async Task Post_AnotherContentType_IsRefused(string contentType) =>
        await AssertRefusedAsync(await Gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray(), contentType), "unsupported-content", requestId: "");

    [TestCase("gzip")]
    [TestCase("br")]
    [TestCase("gzip, identity")]
    public async Task Post_CompressedBody_IsRefused(string encoding)
    {
        using var content = new ByteArrayContent(Alice.ToByteArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        await AssertRefusedAsync(await Gateway.Client.PostAsync(GetUserInfoPath, content), "unsupported-content", requestId: "");
    }

    [Test]
    public async Task Post_ContentEncodingIdentity_IsTaken()
    {
        using var content = new ByteArrayContent(Alice.ToByteArray());
        content.Headers.ContentEncoding.Add("identity");

        using var response = await Gateway.Client.PostAsync(GetUserInfoPath, content);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }
}
