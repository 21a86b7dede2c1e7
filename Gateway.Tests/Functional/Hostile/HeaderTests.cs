using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Headers that are none, or that claim what only the gateway may say: none of them reaches the sub-service.</summary>
[TestFixture]
internal sealed class HeaderTests : HostileTest
{
    private static readonly string[] OfTheCall =
        ["host", "content-type", "content-length", "te", "grpc-accept-encoding", "grpc-timeout", "x-forwarded-for"];

    public static IEnumerable<TestCaseData> Malformed()
    {
        yield return Case("BareCr", "X-A: a\rX-Gateway-User-Id: mallory\r\n");
        yield return Case("Nul", "X-A: a\0b\r\n");
        yield return Case("NulInName", "X\0A: b\r\n");
        yield return Case("Folded", "X-A: a\r\n X-Gateway-User-Id: mallory\r\n");
        yield return Case("SpaceBeforeName", " X-A: b\r\n");
        yield return Case("SpaceBehindName", "X-A : b\r\n");
        yield return Case("NoUtf8", "X-A: \u00FF\r\n");
        yield return Case("NoAsciiName", "\u00FF: b\r\n");
        yield return Case("LengthBehindABareLf", "X-A: a\nContent-Length: 0\r\n");
    }

    public static IEnumerable<TestCaseData> Forged()
    {
        yield return Case("GatewayError", "x-gateway-error: internal\r\n");
        yield return Case("GatewayUser", "x-gateway-user-id: mallory\r\nuser_id: mallory\r\nx-user-id: mallory\r\n");
        yield return Case("BehindABareLf", "X-A: a\nx-gateway-user-id: mallory\r\n");
        yield return Case("ControlCharacter", "X-A: \u0001\u001B[31m\r\n");
        yield return Case("GrpcTimeout", "grpc-timeout: 1n\r\n");
        yield return Case("GrpcEncoding", "grpc-encoding: gzip\r\ngrpc-accept-encoding: gzip\r\n");
        yield return Case("GrpcStatus", "grpc-status: 0\r\ngrpc-message: done\r\ngrpc-internal-encoding-request: gzip\r\n");
        yield return Case("Te", "te: chunked, gzip;q=1\r\n");
        yield return Case("ForwardedFor", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8, 203.0.113.9\r\nX-Real-IP: 203.0.113.7\r\n");
        yield return Case("ForwardedRest", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Prefix: /admin\r\nX-Forwarded-Port: 9002\r\n");
        yield return Case("Forwarded", "Forwarded: for=203.0.113.7;host=evil;proto=https\r\n");
        yield return Case("AnotherUrl", "X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\nX-HTTP-Method-Override: GET\r\n");
        yield return Case("HopByHop", "Connection: content-length, x-forwarded-for, content-type\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n");
        yield return Case("UpgradeToHttp2", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n");
        yield return Case("Expect", "Expect: 200-ok\r\n");
        yield return Case("Trace", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\nbaggage: user=mallory\r\n");
    }

    public static IEnumerable<TestCaseData> OtherContent()
    {
        yield return Case("TwoTypes", "Content-Type: application/x-protobuf\r\nContent-Type: application/json\r\n");
        yield return Case("TwoTypesTheOtherWay", "Content-Type: application/json\r\nContent-Type: application/x-protobuf\r\n");
        yield return Case("ListOfTypes", "Content-Type: application/x-protobuf, application/json\r\n");
        yield return Case("ParameterAlone", "Content-Type: ;application/x-protobuf\r\n");
        yield return Case("TabWithin", "Content-Type: application/x-protobuf\tx\r\n");
        yield return Case("Grpc", "Content-Type: application/grpc\r\n");
        yield return Case("GrpcWeb", "Content-Type: application/grpc-web+proto\r\n");
        yield return Case("Form", "Content-Type: multipart/form-data; boundary=x\r\n");
    }

    [TestCaseSource(nameof(Malformed))]
    public async Task Header_Malformed_IsRefusedAndTheConnectionClosed(string headers)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire(Post(GetUserInfoPath, Alice, headers)));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCaseSource(nameof(Forged))]
    public async Task Header_Forged_StaysHere(string headers)
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath, Alice, headers)));

        Assert.That(response.Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAskedForAlice();
        var sent = Calls.Single().Headers;
        Assert.That(sent.Keys.Select(name => name.ToLowerInvariant()), Is.SubsetOf(OfTheCall));
        Assert.That(sent["x-forwarded-for"], Is.EqualTo("127.0.0.1"));
        Assert.That(sent["te"], Is.EqualTo("trailers"));
        Assert.That(sent["grpc-accept-encoding"], Is.EqualTo("identity"));
        Assert.That(sent["grpc-timeout"], Does.Match("^[0-9]{4,5}m$"));
    }

    [TestCaseSource(nameof(OtherContent))]
    public async Task ContentType_OfSomethingElse_IsRefused(string headers)
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath, Alice, headers)));

        Assert.That(response.Headers["x-gateway-error"], Is.EqualTo("unsupported-content"));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [Test]
    public async Task Login_WithForgedAddresses_IsCountedForThePeer()
    {
        var login = new UserLoginReq { RequestId = "r1" }.ToByteArray();
        await using var gateway = await GatewayFixture.StartAsync(Service.Address, new()
        {
            ["Gateway:RateLimits:login:Permit"] = "1",
            ["Gateway:RateLimits:login:Window"] = "1.00:00:00",
        });
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.PostAsync(LoginPath, login, "X-Forwarded-For: 203.0.113.1\r\nForwarded: for=203.0.113.1\r\n");
        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        await client.PostAsync(LoginPath, login, "X-Forwarded-For: 203.0.113.2\r\nForwarded: for=203.0.113.2\r\n");

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("rate-limited"));
    }

    private static TestCaseData Case(string name, string headers) => new TestCaseData(headers).SetArgDisplayNames(name);
}
