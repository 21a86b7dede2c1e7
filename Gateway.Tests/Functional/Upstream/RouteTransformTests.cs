using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>YARP's own transforms on the route of an RPC.</summary>
[TestFixture]
internal sealed class RouteTransformTests
{
    private const string Route = "ReverseProxy:Routes:user-set-nickname:Transforms:";

    [Test]
    public async Task Transforms_OfHeaders_HoldForTheCallAndItsAnswer()
    {
        await using var service = await StubSubService.StartAsync();
        service.OnCall = (context, _) =>
        {
            context.Response.Headers["x-of-the-instance"] = "7";
            return StubSubService.AnswerAsync(context, []);
        };
        await using var gateway = await GatewayFixture.StartAsync(service.Address, new()
        {
            [Route + "10:RequestHeader"] = "x-tenant",
            [Route + "10:Set"] = "blue",
            [Route + "11:RequestHeaderRemove"] = "x-forwarded-for",
            [Route + "12:RequestHeader"] = "Host",
            [Route + "12:Set"] = "users.internal",
            [Route + "13:ResponseHeader"] = "x-served-by",
            [Route + "13:Set"] = "users",
        });
        gateway.Sessions.Set("s-alice", "alice");

        using var response = await gateway.PostAsync("/service/user/set_nickname", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        var headers = new Dictionary<string, string>(service.LastCall.Headers, StringComparer.OrdinalIgnoreCase);
        Assert.That((headers["x-tenant"], headers["host"]), Is.EqualTo(("blue", "users.internal")));
        Assert.That(headers, Does.Not.ContainKey("x-forwarded-for"));
        Assert.That(response.Headers.GetValues("x-served-by"), Is.EqualTo(new[] { "users" }));
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/x-protobuf"));
    }
}
