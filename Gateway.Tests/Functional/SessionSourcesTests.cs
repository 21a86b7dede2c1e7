using System.Net.Http.Headers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A session that is not in the message, but in a header or a cookie.</summary>
[TestFixture]
internal sealed class SessionSourcesTests : GatewayTest
{
    private const string Page = "https://chat.example.com";
    private const string Route = "ReverseProxy:Routes:user-get-user-info:Transforms:0";

    private static readonly GetUserInfoReq Bare = new() { RequestId = "r1" };

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Gateway:Sessions:Sources:0"] = "Body",
        ["Gateway:Sessions:Sources:1"] = "Bearer",
        ["Gateway:Sessions:Sources:2"] = "Header:X-Session-Id",
        ["Gateway:Sessions:Sources:3"] = "Cookie:sid",
        ["Gateway:Cors:AllowedOrigins:0"] = Page,
        ["Gateway:Cors:AllowedOrigins:1"] = "null",
    };

    [TestCase("Authorization", "Bearer s-alice")]
    [TestCase("Authorization", "bearer  s-alice ")]
    [TestCase("X-Session-Id", "s-alice")]
    [TestCase("x-session-id", " s-alice")]
    public async Task Header_WithASession_IsItsUser(string name, string value)
    {
        using var response = await PostAsync(Bare, (name, value));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Service.LastCall.Message), Is.EqualTo(new GetUserInfoReq { RequestId = "r1", UserId = "alice" }));
        Assert.That(Service.LastCall.Headers.Keys, Has.None.EqualTo("authorization").IgnoreCase.And.None.EqualTo("x-session-id").IgnoreCase);
    }

    [Test]
    public async Task Body_CountsAsBefore()
    {
        using var response = await PostAsync(Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    [TestCase("Authorization", "Basic s-alice")]
    [TestCase("Authorization", "Bearer")]
    [TestCase("Authorization", "s-alice")]
    [TestCase("Authorization", "Bearer s-nobody")]
    [TestCase("Authorization", "Bearer s-alice s-alice")]
    [TestCase("Authorization", "Bearer session:s-alice")]
    [TestCase("X-Session-Id", "")]
    [TestCase("X-Other", "s-alice")]
    public async Task Header_WithoutAValidSession_IsRefused(string name, string value)
    {
        using var response = await PostAsync(Bare, (name, value));

        await AssertRefusedAsync(response, "session-invalid");
    }

    [Test]
    public async Task TwoSessions_ThatAgree_AreOne()
    {
        using var response = await PostAsync(Alice, ("Authorization", "Bearer s-alice"), ("X-Session-Id", "s-alice"), ("Cookie", "sid=s-alice"), ("Origin", Page));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    [Test]
    public async Task TwoSessions_ThatDiffer_AreRefused()
    {
        Gateway.Sessions.Set("s-bob", "bob");
        (string, string)[][] pairs =
        [
            [("Authorization", "Bearer s-alice"), ("X-Session-Id", "s-bob")],
            [("Cookie", "sid=s-alice; sid=s-bob"), ("Origin", Page)],
            [("Cookie", "sid=s-bob"), ("Origin", Page), ("X-Session-Id", "s-alice")],
        ];
        foreach (var headers in pairs)
        {
            using var response = await PostAsync(Bare, headers);
            await AssertRefusedAsync(response, "bad-request");
        }

        using var inBody = await PostAsync(Alice, ("Authorization", "Bearer s-bob"));
        await AssertRefusedAsync(inBody, "bad-request");
    }

    [TestCase("sid=s-alice")]
    [TestCase("a=b; sid=s-alice; c=d")]
    [TestCase("a=b;sid=\"s-alice\"")]
    public async Task Cookie_OfAnAllowedPage_IsItsUser(string cookie)
    {
        using var response = await PostAsync(Bare, ("Cookie", cookie), ("Origin", Page));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("null")]
    [TestCase("https://evil.example.com")]
    [TestCase("http://chat.example.com")]
    [TestCase("https://chat.example.com:8443")]
    [TestCase("https://chat.example.com.evil.example.com")]
    public async Task Cookie_OfAnotherPage_IsRefused(string? origin)
    {
        using var response = await (origin is null ? PostAsync(Bare, ("Cookie", "sid=s-alice")) : PostAsync(Bare, ("Cookie", "sid=s-alice"), ("Origin", origin)));

        await AssertRefusedAsync(response, "session-invalid");
    }

    [Test]
    public async Task Cookie_OfThePageOfTheGatewayItself_IsItsUser()
    {
        using var response = await PostAsync(Bare, ("Cookie", "sid=s-alice"), ("Origin", Gateway.Address.GetLeftPart(UriPartial.Authority)));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    [Test]
    public async Task Cookie_WhereAnyPageMayCall_IsRefusedAllTheSame()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Sessions:Sources:0"] = "Cookie:sid", ["Gateway:Cors:AllowedOrigins:0"] = "*" });

        using var response = await PostAsync(gateway, Bare, ("Cookie", "sid=s-alice"), ("Origin", Page));

        await AssertRefusedAsync(response, "session-invalid");
    }

    [Test]
    public async Task Cookie_OfAPage_MayBeSent()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Cors:AllowedOrigins:0"] = Page, ["Gateway:Cors:AllowCredentials"] = "true" });

        using var response = await PostAsync(gateway, Alice, ("Origin", Page));

        Assert.That(response.Headers.GetValues("Access-Control-Allow-Credentials"), Is.EqualTo(new[] { "true" }));
    }

    [Test]
    public async Task Route_MaySayAnotherPlace()
    {
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:Sessions:Sources:0"] = "Body",
            [$"{Route}:SessionSources:0"] = "Header:x-token",
        });

        using var shown = await PostAsync(gateway, Bare, ("X-Token", "s-alice"));
        using var inBody = await PostAsync(gateway, Alice);

        Assert.That(GatewayFixture.ErrorCode(shown), Is.Empty);
        Assert.That(GatewayFixture.ErrorCode(inBody), Is.EqualTo("session-invalid"), "What is not named is not looked at");
    }

    [Test]
    public async Task LargeBody_OfAKnownSender_PassesWithoutASessionInIt()
    {
        var avatar = new SetUserAvatarReq { RequestId = "r1", Avatar = ByteString.CopyFrom(new byte[1 << 20]) };

        using var response = await PostAsync(Gateway, SetAvatarPath, avatar, ("Authorization", "Bearer s-alice"));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(SetUserAvatarReq.Parser.ParseFrom(Service.LastCall.Message), Is.EqualTo(new SetUserAvatarReq(avatar) { UserId = "alice" }));
    }

    [TestCase(20 << 10)]
    [TestCase(1 << 20)]
    public async Task LargeBody_WithAnotherSessionBehindALargeValue_IsRefused(int size)
    {
        Gateway.Sessions.Set("s-bob", "bob");
        byte[] body =
        [
            .. new SetUserAvatarReq { RequestId = "r1", Avatar = ByteString.CopyFrom(new byte[size]) }.ToByteArray(),
            .. new SetUserAvatarReq { SessionId = "s-bob" }.ToByteArray(),
        ];

        using var response = await SendAsync(Gateway, SetAvatarPath, body, ("Authorization", "Bearer s-alice"));

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("bad-request"));
    }

    private Task<HttpResponseMessage> PostAsync(IMessage message, params (string Name, string Value)[] headers) => PostAsync(Gateway, message, headers);

    private static Task<HttpResponseMessage> PostAsync(GatewayFixture gateway, IMessage message, params (string Name, string Value)[] headers) =>
        PostAsync(gateway, GetUserInfoPath, message, headers);

    private static Task<HttpResponseMessage> PostAsync(GatewayFixture gateway, string path, IMessage message, params (string Name, string Value)[] headers) =>
        SendAsync(gateway, path, message.ToByteArray(), headers);

    private static async Task<HttpResponseMessage> SendAsync(GatewayFixture gateway, string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await gateway.Client.SendAsync(request).DefaultTimeout();
    }
}
