using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>What surrounds the message stays at the gateway: the sub-service gets the call and nothing else of the client's.</summary>
[TestFixture]
internal sealed class RequestHeaderTests : GatewayTest
{
    private static readonly string[] OfTheCall =
    [
        "host", "content-type", "content-length", "te", "grpc-accept-encoding", "grpc-timeout",
        "x-forwarded-for",
    ];

    [Test]
    public async Task Post_ClientHeaders_AreNotPassedOn()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new ByteArrayContent(Alice.ToByteArray()) };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["Cookie"] = "a=b",
            ["Authorization"] = "Bearer token",
            ["User-Agent"] = "chat/1.0",
            ["X-Custom"] = "c",
            ["X-Forwarded-For"] = "10.9.8.7",
            ["Forwarded"] = "for=10.9.8.7",
            ["Accept-Encoding"] = "gzip, br",
            ["grpc-timeout"] = "99H",
            ["grpc-encoding"] = "gzip",
            ["user_id"] = "mallory",
            ["tracestate"] = "vendor=1",
        })
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Gateway.Client.SendAsync(request);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Headers["grpc-timeout"], Does.Match("^[0-9]{1,8}m$"));
        Assert.That(Service.LastCall.Headers["x-forwarded-for"], Is.EqualTo("127.0.0.1"), "The gateway's word, not the client's");
        Assert.That(Service.LastCall.Headers.Keys.Select(name => name.ToLowerInvariant()), Is.SubsetOf(OfTheCall));
    }

    [Test]
    public async Task Post_QueryString_IsNotPassedOn()
    {
        using var response = await PostAsync(GetUserInfoPath + "?user_id=mallory&x=1", Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Path, Is.EqualTo("/bite_im.UserService/GetUserInfo"));
        Assert.That(Service.LastCall.Query, Is.Empty);
    }

    [Test]
    public async Task Answer_HeadersAndTrailersOfTheSubService_AreNotPassedOn()
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.Headers["server"] = "brpc on secret-host";
            context.Response.Headers["set-cookie"] = "a=b";
            context.Response.Headers["x-internal"] = "1";
            context.Response.Headers["grpc-encoding"] = "identity";
            await StubSubService.AnswerAsync(context, new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        var response = await client.ReadAsync();

        Assert.That(response.Headers.Keys, Is.EquivalentTo(new[] { "Content-Type", "Content-Length", "Date" }));
        Assert.That(GetUserInfoRsp.Parser.ParseFrom(response.Body).Success, Is.True);
    }

    [TestCase("GET")]
    [TestCase("PUT")]
    [TestCase("DELETE")]
    [TestCase("OPTIONS")]
    public async Task Send_AnotherMethod_Is405(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), GetUserInfoPath);

        using var response = await Gateway.Client.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That(Service.Calls, Is.Empty);
    }

    [TestCase("/")]
    [TestCase("/service/user/no_such_call")]
    [TestCase("/service/user/get_user_info/more")]
    [TestCase("/bite_im.UserService/GetUserInfo")]
    public async Task Post_UnknownPath_Is404(string path)
    {
        using var response = await PostAsync(path, Alice);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(Service.Calls, Is.Empty);
    }
}
