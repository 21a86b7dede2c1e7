using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional;

/// <summary>A call through the gateway, as client and sub-service see it.</summary>
[TestFixture]
internal sealed class CallTests
{
    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = await StubSubService.StartAsync();
        _gateway = await GatewayFixture.StartAsync(_service.Address);
        _gateway.Sessions.Set("s-alice", "alice");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Call_WithSession_ReachesTheSubServiceAsThatUser()
    {
        _service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { UserId = "alice", Nickname = "Alice" } });

        var answer = await _gateway.CallAsync<GetUserInfoRsp>(
            "/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" });

        Assert.That(answer, Is.EqualTo(new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { UserId = "alice", Nickname = "Alice" } }));
        Assert.That(_service.LastCall.Path, Is.EqualTo("/bite_im.UserService/GetUserInfo"));
        Assert.That(
            GetUserInfoReq.Parser.ParseFrom(_service.LastCall.Message),
            Is.EqualTo(new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice" }));
        Assert.That(_service.LastCall.Headers["content-type"], Is.EqualTo("application/grpc"));
        Assert.That(_service.LastCall.Headers["te"], Is.EqualTo("trailers"));
        Assert.That(_service.LastCall.Headers["grpc-accept-encoding"], Is.EqualTo("identity"));
        Assert.That(_service.LastCall.Headers["grpc-timeout"], Does.Match("^[0-9]{1,8}m$"));
    }
}
