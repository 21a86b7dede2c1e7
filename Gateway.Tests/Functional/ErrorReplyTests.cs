using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>What a failure looks like to its reader: language, status, code.</summary>
[TestFixture]
internal sealed class ErrorReplyTests : GatewayTest
{
    private const string English = "Your login has expired. Please log in again.";
    private const string Chinese = "登录已失效，请重新登录。";

    private static readonly byte[] NoSession = new GetUserInfoReq { RequestId = "r1" }.ToByteArray();

    [TestCase(null, English)]
    [TestCase("en-US,en;q=0.9", English)]
    [TestCase("zh-CN,zh;q=0.9,en;q=0.8", Chinese)]
    [TestCase("zh", Chinese)]
    [TestCase("ZH-hans", Chinese)]
    [TestCase("en;q=0.1, zh;q=0.2", Chinese)]
    [TestCase("zh;q=0, en", English)]
    [TestCase("fr", English)]
    [TestCase("not a language;;;q=", English)]
    public async Task Failure_IsToldInTheClientsLanguage(string? acceptLanguage, string errmsg) =>
        Assert.That(await ErrmsgAsync(Gateway, acceptLanguage), Is.EqualTo(errmsg));

    [TestCase(null, Chinese)]
    [TestCase("fr", Chinese)]
    [TestCase("en", English)]
    public async Task Failure_DefaultLanguageChinese_IsForClientsThatNameNeither(string? acceptLanguage, string errmsg)
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Errors:DefaultLanguage"] = "zh-CN" });

        Assert.That(await ErrmsgAsync(gateway, acceptLanguage), Is.EqualTo(errmsg));
    }

    [Test]
    public async Task Failure_StatusModeHttp_HasAStatusOfItsOwnAndTheSameBody()
    {
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:Errors:StatusMode"] = "Http",
            ["ReverseProxy:Routes:user-set-avatar:MaxRequestBodySize"] = "10",
        });
        Service.OnCall = (context, call) => call.Path.EndsWith("GetUserInfo", StringComparison.Ordinal)
            ? StubSubService.AnswerAsync(context, [], status: 14)
            : StubSubService.AnswerAsync(context, [], status: 13);

        await AssertAsync(GetUserInfoPath, NoSession, 401, "session-invalid");
        await AssertAsync(GetUserInfoPath, [.. NoSession, 0xFF], 400, "bad-request");
        await AssertAsync(SetAvatarPath, [.. NoSession, .. Alice.ToByteArray()], 413, "too-large");
        await AssertAsync(GetUserInfoPath, Alice.ToByteArray(), 503, "no-instance");
        await AssertAsync("/service/friend/get_friend_list", new GetFriendListReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray(), 502, "sub-service-failed");

        async Task AssertAsync(string path, byte[] body, int status, string code)
        {
            using var response = await gateway.PostAsync(path, body);
            using var envelope = await Gateway.PostAsync(path, body);
            Assert.That((int)response.StatusCode, Is.EqualTo(status));
            Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
            Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/x-protobuf"));
            var answer = await GatewayFixture.ParseAsync<UserRegisterRsp>(response);
            Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
            Assert.That(answer.Errmsg, Is.Not.Empty);
            if (GatewayFixture.ErrorCode(envelope) == code)
            {
                Assert.That(await GatewayFixture.ParseAsync<UserRegisterRsp>(envelope), Is.EqualTo(answer));
            }
        }
    }

    [Test]
    public async Task Success_StatusModeHttp_StaysAsItWas()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Errors:StatusMode"] = "Http" });
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Errmsg = "the sub-service says no" });

        var answer = await gateway.CallAsync<GetUserInfoRsp>(GetUserInfoPath, Alice);

        Assert.That(answer.Errmsg, Is.EqualTo("the sub-service says no"));
    }

    [Test]
    public async Task Failure_RequestIdThatIsNone_IsNotEchoed()
    {
        await AssertRefusedAsync(await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = new string('r', 257) }), "session-invalid", requestId: "");
        await AssertRefusedAsync(await Gateway.PostAsync(GetUserInfoPath, [0x0A, 1, 0xFF]), "session-invalid", requestId: "");
        await AssertRefusedAsync(await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "请求" }), "session-invalid", requestId: "请求");
    }

    private static async Task<string> ErrmsgAsync(GatewayFixture gateway, string? acceptLanguage)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new ByteArrayContent(NoSession) };
        if (acceptLanguage is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Language", acceptLanguage);
        }

        using var response = await gateway.Client.SendAsync(request);
        return (await GatewayFixture.ParseAsync<UserRegisterRsp>(response)).Errmsg;
    }
}
