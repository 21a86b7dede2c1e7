using System.Net;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Pages of other origins: who may call, and what they may read.</summary>
[TestFixture]
internal sealed class CorsTests : GatewayTest
{
    private const string Chat = "https://chat.example.com";
    private const string AllowOrigin = "Access-Control-Allow-Origin";

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Gateway:Cors:AllowedOrigins:0"] = Chat,
        ["Gateway:Cors:AllowedOrigins:1"] = "http://localhost:5173",
        ["Gateway:Cors:AllowedOrigins:2"] = "capacitor://localhost",
        ["Gateway:Cors:AllowedOrigins:3"] = "https://чат.рф",
    };

    [TestCase(Chat)]
    [TestCase("http://localhost:5173")]
    [TestCase("capacitor://localhost")]
    [TestCase("https://xn--80a0bn.xn--p1ai")]
    public async Task Preflight_AllowedOrigin_MayPostWhatItAsksFor(string origin)
    {
        using var response = await PreflightAsync(Gateway, origin);

        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
            Assert.That(Header(response, AllowOrigin), Is.EqualTo(origin));
            Assert.That(Header(response, "Access-Control-Allow-Methods"), Does.Contain("POST"));
            Assert.That(Header(response, "Access-Control-Allow-Headers"), Is.EqualTo("content-type,x-custom"));
            Assert.That(Header(response, "Access-Control-Max-Age"), Is.EqualTo("3600"));
            Assert.That(Service.Calls, Is.Empty);
        });
    }

    [TestCase("https://evil.example.com")]
    [TestCase("http://chat.example.com")]
    [TestCase("https://chat.example.com:8443")]
    [TestCase("ionic://localhost")]
    [TestCase("null")]
    public async Task Preflight_AnotherOrigin_IsRefused(string origin)
    {
        using var response = await PreflightAsync(Gateway, origin);

        Assert.That(Header(response, AllowOrigin), Is.Null);
    }

    [Test]
    public async Task Preflight_AnyOriginAllowed_IsAnsweredForAll()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Cors:AllowedOrigins:0"] = "*" });

        using var response = await PreflightAsync(gateway, "https://whoever.example.com");

        Assert.That(Header(response, AllowOrigin), Is.EqualTo("*"));
        Assert.That(Header(response, "Access-Control-Allow-Methods"), Does.Contain("POST"));
    }

    [Test]
    public async Task Preflight_NullIfTheOperatorSaysSo_IsAllowed()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Cors:AllowedOrigins:0"] = "null" });

        using var response = await PreflightAsync(gateway, "null");

        Assert.That(Header(response, AllowOrigin), Is.EqualTo("null"));
    }

    [Test]
    public async Task Preflight_NoOriginConfigured_IsRefused()
    {
        await using var gateway = await StartGatewayAsync([]);

        using var response = await PreflightAsync(gateway, Chat);

        Assert.That(Header(response, AllowOrigin), Is.Null);
    }

    [Test]
    public async Task Call_AllowedOrigin_MayReadAnswerAndErrorCode()
    {
        using var response = await CallAsync(Alice.ToByteArray(), Chat);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Header(response, AllowOrigin), Is.EqualTo(Chat));
        Assert.That(Header(response, "Access-Control-Expose-Headers"), Is.EqualTo("x-gateway-error,Retry-After"));
        Assert.That(response.Headers.Vary, Does.Contain("Origin"));
    }

    [TestCase(new byte[] { 0xFF }, "bad-request")]
    [TestCase(new byte[] { 0x1A, 1, 0x78 }, "session-invalid")]
    public async Task Failure_AllowedOrigin_MayReadIt(byte[] body, string code)
    {
        using var response = await CallAsync(body, Chat);

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
        Assert.That(Header(response, AllowOrigin), Is.EqualTo(Chat));
        Assert.That(Header(response, "Access-Control-Expose-Headers"), Is.EqualTo("x-gateway-error,Retry-After"));
    }

    [Test]
    public async Task Failure_OfTheSubService_AllowedOriginMayReadIt()
    {
        Service.OnCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        using var response = await CallAsync(Alice.ToByteArray(), Chat);

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("sub-service-failed"));
        Assert.That(Header(response, AllowOrigin), Is.EqualTo(Chat));
    }

    [Test]
    public async Task Call_AnotherOrigin_IsAnsweredButMayNotBeRead()
    {
        using var response = await CallAsync(Alice.ToByteArray(), "https://evil.example.com");

        Assert.That(Header(response, AllowOrigin), Is.Null);
    }

    private static async Task<HttpResponseMessage> PreflightAsync(GatewayFixture gateway, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, GetUserInfoPath);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type,x-custom");
        return await gateway.Client.SendAsync(request);
    }

    private async Task<HttpResponseMessage> CallAsync(byte[] body, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new ByteArrayContent(body) };
        request.Headers.Add("Origin", origin);
        return await Gateway.Client.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
