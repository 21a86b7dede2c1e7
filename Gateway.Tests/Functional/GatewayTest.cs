using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>One sub-service with one gateway before it, new for each test, and Alice logged in.</summary>
internal abstract class GatewayTest
{
    protected const string AnonymousPath = "/service/user/username_login";
    protected const string GetUserInfoPath = "/service/user/get_user_info";
    protected const string SetAvatarPath = "/service/user/set_avatar";

    protected StubSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    /// <summary>Settings of all tests of a fixture.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    /// <summary>The smallest call that needs a session.</summary>
    protected static GetUserInfoReq Alice => new() { RequestId = "r1", SessionId = "s-alice" };

    [SetUp]
    public async Task StartAsync()
    {
        Service = await StubSubService.StartAsync();
        Gateway = await StartGatewayAsync(Settings);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await Service.DisposeAsync();
    }

    /// <summary>A gateway beside the usual one, for a test with settings of its own.</summary>
    protected async Task<GatewayFixture> StartGatewayAsync(Dictionary<string, string?> settings)
    {
        var gateway = await GatewayFixture.StartAsync(Service.Address, settings);
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    protected Task<HttpResponseMessage> PostAsync(string path, IMessage message) => Gateway.PostAsync(path, message.ToByteArray());

    /// <summary>A failure as clients know it: HTTP 200, success=false, something to read, and the request's own id.</summary>
    protected static async Task AssertFailedAsync(HttpResponseMessage response, string code, string requestId = "r1")
    {
        var answer = await GatewayFixture.ParseAsync<UserRegisterRsp>(response).DefaultTimeout();
        Assert.Multiple(() =>
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/x-protobuf"));
            Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo(code));
            Assert.That(answer.Success, Is.False);
            Assert.That(answer.RequestId, Is.EqualTo(requestId));
            Assert.That(answer.Errmsg, Is.Not.Empty);
        });
    }

    protected async Task AssertRefusedAsync(HttpResponseMessage response, string code, string requestId = "r1")
    {
        await AssertFailedAsync(response, code, requestId);
        Assert.That(Service.Calls, Is.Empty, "A refused request reached the sub-service");
    }
}
