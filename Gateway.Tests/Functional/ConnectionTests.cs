using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>One connection, many requests, over both versions of HTTP.</summary>
[TestFixture]
internal sealed class ConnectionTests : GatewayTest
{
    private readonly int _http2Port = LoopbackPort.Free();

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Kestrel:Endpoints:H2:Url"] = $"http://127.0.0.1:{_http2Port}",
        ["Kestrel:Endpoints:H2:Protocols"] = "Http2",
    };

    [Test]
    public async Task KeepAlive_ManyRequestsAmongRefusals_AreAllAnsweredInOrder()
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        for (var i = 0; i < 20; i++)
        {
            var id = $"r{i}";
            Service.Answer(new GetUserInfoRsp { RequestId = id, Success = true });

            await client.PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = id, SessionId = "s-alice" }.ToByteArray());
            await client.PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = id, SessionId = "s-nobody" }.ToByteArray());
            await client.PostAsync(GetUserInfoPath, Alice.ToByteArray(), "Content-Type: application/json\r\n");
            await client.PostAsync(GetUserInfoPath, [0xFF]);

            Assert.That(GetUserInfoRsp.Parser.ParseFrom((await client.ReadAsync()).Body), Is.EqualTo(new GetUserInfoRsp { RequestId = id, Success = true }));
            var refused = await client.ReadAsync();
            Assert.That(refused.Headers["x-gateway-error"], Is.EqualTo("session-invalid"));
            Assert.That(GetUserInfoRsp.Parser.ParseFrom(refused.Body).RequestId, Is.EqualTo(id));
            Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("unsupported-content"));
            Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        }
    }

    [Test]
    public async Task Http2_Call_IsAnsweredWithoutGrpcTrailers()
    {
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        using var client = Http2Client();

        using var response = await client.PostAsync(GetUserInfoPath, new ByteArrayContent(Alice.ToByteArray()));

        Assert.That(response.Version, Is.EqualTo(HttpVersion.Version20));
        Assert.That(await GatewayFixture.ParseAsync<GetUserInfoRsp>(response), Is.EqualTo(new GetUserInfoRsp { RequestId = "r1", Success = true }));
        Assert.That(response.TrailingHeaders, Is.Empty);
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Http2_EmptyBody_IsTheMessageOfAllDefaults()
    {
        using var client = Http2Client();

        using var response = await client.PostAsync(AnonymousPath, null);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Body, Is.EqualTo(new byte[5]));
    }

    [Test]
    public async Task Http2_BodyLargerThanItsWindow_ArrivesWhole([Values(1 << 20, 4_000_000)] int size, [Values] bool hasLength)
    {
        var request = new SetUserAvatarReq { RequestId = "r1", SessionId = "s-alice", Avatar = ByteString.CopyFrom(new byte[size]) };
        using var client = Http2Client();
        using var content = new StreamContent(new MemoryStream(request.ToByteArray()));
        content.Headers.ContentLength = hasLength ? request.CalculateSize() : null;
        using var message = new HttpRequestMessage(HttpMethod.Post, SetAvatarPath)
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { TransferEncodingChunked = !hasLength },
        };

        using var response = await client.SendAsync(message);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(SetUserAvatarReq.Parser.ParseFrom(Service.LastCall.Message).Avatar, Has.Length.EqualTo(size));
    }

    [Test]
    public async Task Http2_Refusals_LeaveTheConnectionUsable()
    {
        using var client = Http2Client();
        var tooLarge = new SetUserAvatarReq { RequestId = "r1", SessionId = "s-alice", Avatar = ByteString.CopyFrom(new byte[5 << 20]) };

        for (var i = 0; i < 5; i++)
        {
            using var refused = await client.PostAsync(SetAvatarPath, new ByteArrayContent(tooLarge.ToByteArray()));
            await AssertFailedAsync(refused, "too-large");
            using var response = await client.PostAsync(GetUserInfoPath, new ByteArrayContent(Alice.ToByteArray()));
            Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        }
    }

    private HttpClient Http2Client() => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{_http2Port}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
