using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Functional;

/// <summary>Who calls, and of which trace the call is, told beside the message: by the gateway, and never by a client.</summary>
[TestFixture]
internal sealed class CallMetadataTests : GatewayTest
{
    private const string Route = "ReverseProxy:Routes:user-get-user-info";

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Gateway:Rpc:UserIdHeader"] = "X-User-Id",
        ["Gateway:Rpc:TraceIdHeader"] = "X-Trace-Id",
    };

    [Test]
    public async Task Call_TellsUserAndTrace_AndTheAnswerTheTrace()
    {
        using var response = await PostAsync(GetUserInfoPath, Alice);

        var trace = response.Headers.GetValues("X-Trace-Id").Single();
        Assert.That(trace, Does.Match("^[0-9a-f]{32}$"));
        Assert.That(Service.LastCall.Headers["x-user-id"], Is.EqualTo("alice"));
        Assert.That(Service.LastCall.Headers["x-trace-id"], Is.EqualTo(trace));
        Assert.That(Gateway.Log.Entries.Single(entry => entry.EventId.Name == "CallEnded").Message, Does.Contain(trace), "Whoever has the id finds the line of the access log");
    }

    [Test]
    public async Task Call_ByDefault_TellsNeither()
    {
        await using var gateway = await StartGatewayAsync([]);

        using var response = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());

        Assert.That(response.Headers.Contains("X-Trace-Id"), Is.False);
        Assert.That(Service.LastCall.Headers.Keys, Has.None.EqualTo("x-user-id").And.None.EqualTo("x-trace-id"));
    }

    [Test]
    public async Task Call_OfNobody_TellsNoUserWhateverTheClientSays()
    {
        using var response = await SendAsync(Gateway, AnonymousPath, new UserLoginReq { RequestId = "r1" });

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Headers.Keys, Has.None.EqualTo("x-user-id").IgnoreCase);
        Assert.That(Service.LastCall.Headers["x-trace-id"], Is.Not.EqualTo("made up"));
    }

    [Test]
    public async Task Call_WithHeadersOfThatName_TellsTheSessionsUserAlone()
    {
        using var response = await SendAsync(Gateway, GetUserInfoPath, Alice);

        Assert.That(Service.LastCall.Headers["x-user-id"], Is.EqualTo("alice"));
        Assert.That(Service.LastCall.Headers["x-trace-id"], Is.Not.EqualTo("made up"));
    }

    [Test]
    public async Task Call_OfARouteThatPassesHeadersOn_TellsTheSessionsUserAlone()
    {
        await using var gateway = await StartGatewayAsync(new(Settings) { [$"{Route}:Transforms:1:RequestHeadersCopy"] = "true" });

        using var response = await SendAsync(gateway, GetUserInfoPath, Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Headers["x-user-id"], Is.EqualTo("alice"));
        Assert.That(Service.LastCall.Headers["x-other"], Is.EqualTo("of the client"), "Other headers are passed on there");
    }

    [Test]
    public async Task OrdinaryRoute_DropsTheClientsWord()
    {
        await using var gateway = await StartGatewayAsync(new(Settings) { ["ReverseProxy:Routes:plain:ClusterId"] = "user", ["ReverseProxy:Routes:plain:Match:Path"] = "/plain" });

        using var response = await SendAsync(gateway, "/plain", Alice);

        Assert.That(Service.LastCall.Headers["x-other"], Is.EqualTo("of the client"));
        Assert.That(Service.LastCall.Headers.Keys, Has.None.EqualTo("x-user-id").IgnoreCase.And.None.EqualTo("x-trace-id").IgnoreCase);
    }

    [TestCase("用户-1", "%E7%94%A8%E6%88%B7-1")]
    [TestCase("a b", "a%20b")]
    [TestCase("a%20b", "a%2520b")]
    [TestCase("a\r\nx-admin: 1", "a%0D%0Ax-admin:%201")]
    [TestCase("user:1/2", "user:1/2")]
    public async Task UserId_ThatIsNoHeader_IsEncodedWithoutLoss(string user, string told)
    {
        Gateway.Sessions.Set("s-odd", user);

        using var response = await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-odd" });

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(Service.LastCall.Headers["x-user-id"], Is.EqualTo(told));
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo(user));
    }

    [Test]
    public async Task Refusal_SaysTheTraceAsWell()
    {
        using var response = await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-nobody" });

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("session-invalid"));
        Assert.That(response.Headers.GetValues("X-Trace-Id").Single(), Does.Match("^[0-9a-f]{32}$"));
    }

    [Test]
    public async Task CallByHttp_TellsTheSame()
    {
        await using var service = await StubSubService.StartAsync(HttpProtocols.Http1);
        service.OnCall = (context, _) =>
        {
            context.Response.ContentType = "application/x-protobuf";
            return Task.CompletedTask;
        };
        await using var gateway = await StartGatewayAsync(new(Settings)
        {
            ["ReverseProxy:Clusters:user:Metadata:Protocol"] = "http",
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = service.Address,
        });

        using var response = await SendAsync(gateway, GetUserInfoPath, Alice);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(service.LastCall.Headers["x-user-id"], Is.EqualTo("alice"));
        Assert.That(service.LastCall.Headers["x-trace-id"], Is.EqualTo(response.Headers.GetValues("X-Trace-Id").Single()));
    }

    [Test]
    public async Task LookUpOfTheGatewaysOwn_GoesOnBehalfOfTheCaller()
    {
        Service.AnswerByMethod(new()
        {
            ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true },
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice" } } },
        });

        using var response = await PostAsync("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        var lookUp = Service.Calls.Single(call => call.Path.EndsWith("/GetMultiUserInfo", StringComparison.Ordinal));
        Assert.That(lookUp.Headers["x-user-id"], Is.EqualTo("alice"));
        Assert.That(lookUp.Headers["x-trace-id"], Is.EqualTo(response.Headers.GetValues("X-Trace-Id").Single()));
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayFixture gateway, string path, IMessage message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(message.ToByteArray()) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        request.Headers.TryAddWithoutValidation("X-USER-ID", "mallory");
        request.Headers.TryAddWithoutValidation("x-trace-id", "made up");
        request.Headers.TryAddWithoutValidation("x-other", "of the client");
        return await gateway.Client.SendAsync(request).DefaultTimeout();
    }
}
