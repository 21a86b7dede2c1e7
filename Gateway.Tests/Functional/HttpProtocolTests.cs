using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Gateway.Tests.Functional;

/// <summary>Sub-services that speak HTTP/1.1 with a bare message: the other face of a brpc server.</summary>
[TestFixture]
internal sealed class HttpProtocolTests
{
    private const string GetUserInfoPath = "/service/user/get_user_info";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private WireMockServer _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = WireMockServer.Start();
        _gateway = await GatewayFixture.StartAsync(_service.Url!, new() { ["ReverseProxy:Clusters:user:Metadata:Protocol"] = "http" });
        _gateway.Sessions.Set("s-alice", "alice");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        _service.Dispose();
    }

    [TestCase("application/x-protobuf")]
    [TestCase("application/proto")]
    public async Task Call_Good_IsPostedAndAnswered(string answerType)
    {
        var message = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Nickname = "Alice" } };
        Answer(Response.Create().WithHeader("Content-Type", answerType).WithBody(message.ToByteArray()));

        var answer = await _gateway.CallAsync<GetUserInfoRsp>(GetUserInfoPath, GetUserInfoReq.Parser.ParseFrom(Alice));

        Assert.That(answer, Is.EqualTo(message));
        var call = _service.LogEntries.Single().RequestMessage!;
        var expected = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice" };
        Assert.Multiple(() =>
        {
            Assert.That(call.Method, Is.EqualTo("POST"));
            Assert.That(call.AbsolutePath, Is.EqualTo("/bite_im.UserService/GetUserInfo"));
            Assert.That(call.Headers!["Content-Type"].Single(), Is.EqualTo("application/x-protobuf"));
            Assert.That(call.Headers!["Content-Length"].Single(), Is.EqualTo($"{expected.CalculateSize()}"));
            Assert.That(call.Headers!.Keys, Does.Not.Contain("Transfer-Encoding").And.Not.Contain("TE").And.Not.Contain("grpc-timeout"));
            Assert.That(GetUserInfoReq.Parser.ParseFrom(call.BodyAsBytes), Is.EqualTo(expected));
        });
    }

    [Test]
    public async Task Call_EmptyMessage_IsPostedWithLengthZero()
    {
        Answer(Response.Create().WithHeader("Content-Type", "application/proto").WithBody(new UserLoginRsp { Success = true }.ToByteArray()));

        var answer = await _gateway.CallAsync<UserLoginRsp>("/service/user/username_login", new UserLoginReq());

        Assert.That(answer.Success, Is.True);
        var call = _service.LogEntries.Single().RequestMessage!;
        Assert.That(call.Headers!["Content-Length"].Single(), Is.EqualTo("0"));
        Assert.That(call.Headers!["Content-Type"].Single(), Is.EqualTo("application/x-protobuf"));
    }

    [Test]
    public async Task Answer_EmptyMessage_IsAnEmptyBody()
    {
        Answer(Response.Create().WithHeader("Content-Type", "application/proto").WithStatusCode(200));

        using var response = await _gateway.PostAsync(GetUserInfoPath, Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Answer_Large_ArrivesWhole()
    {
        var message = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(new byte[3 << 20]) } };
        Answer(Response.Create().WithHeader("Content-Type", "application/proto").WithBody(message.ToByteArray()));

        var answer = await _gateway.CallAsync<GetUserInfoRsp>(GetUserInfoPath, GetUserInfoReq.Parser.ParseFrom(Alice));

        Assert.That(answer, Is.EqualTo(message));
    }

    [TestCase(500, "text/plain", "sub-service-failed")]
    [TestCase(404, "text/plain", "sub-service-failed")]
    [TestCase(503, "text/plain", "no-instance")]
    [TestCase(504, "text/plain", "timed-out")]
    [TestCase(200, "text/html", "sub-service-failed")]
    [TestCase(200, "application/json", "sub-service-failed")]
    public async Task Answer_NoGoodOne_IsToldAsAnOutcome(int status, string type, string code)
    {
        Answer(Response.Create().WithStatusCode(status).WithHeader("Content-Type", type).WithBody("[E1004] secret-host:1234 stack"));

        using var response = await _gateway.PostAsync(GetUserInfoPath, Alice);

        var answer = await GatewayFixture.ParseAsync<UserRegisterRsp>(response);
        Assert.Multiple(() =>
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
            Assert.That(answer.RequestId, Is.EqualTo("r1"));
            Assert.That(answer.Errmsg, Is.Not.Empty.And.Not.Contains("secret"));
        });
    }

    [Test]
    public async Task Answer_Compressed_IsASubServiceFailure()
    {
        Answer(Response.Create().WithHeader("Content-Type", "application/proto").WithHeader("Content-Encoding", "gzip").WithBody([1, 2, 3]));

        using var response = await _gateway.PostAsync(GetUserInfoPath, Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("sub-service-failed"));
    }

    [Test]
    public async Task NotifyingCall_OverHttp_MakesItsEvents()
    {
        await using var gateway = await GatewayFixture.StartAsync(_service.Url!, new() { ["ReverseProxy:Clusters:friend:Metadata:Protocol"] = "http" });
        gateway.Sessions.Set("s-alice", "alice");
        Answer(Response.Create().WithHeader("Content-Type", "application/proto").WithBody(new FriendRemoveRsp { RequestId = "r1", Success = true }.ToByteArray()));

        var answer = await gateway.CallAsync<FriendRemoveRsp>(
            "/service/friend/remove_friend", new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" });

        Assert.That(answer.Success, Is.True);
        Assert.That(gateway.Published.Notifications.Single().Recipients, Is.EqualTo(new[] { "bob" }));
    }

    private void Answer(IResponseBuilder response) => _service.Given(Request.Create().UsingPost()).RespondWith(response);
}
