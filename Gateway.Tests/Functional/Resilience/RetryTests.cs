using System.Net;
using Gateway.Protocol;
using Gateway.Proxy.Destinations;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A request that an instance did not serve goes to another one, if that cannot do anything twice.</summary>
[TestFixture]
internal sealed class RetryTests : InstancesTest
{

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "1000",
        [Metadata + "EjectAtFailurePercent"] = "100",
    };

    [TestCase(ReadPath)]
    [TestCase(WritePath)]
    public async Task Instance_PortClosed_NoCallFails(string path)
    {
        await Instances[0].DisposeAsync();

        Assert.That(await CallAsync(12, path), Has.All.Empty);

        Assert.That(Instances[1].Calls.Count + Instances[2].Calls.Count, Is.EqualTo(12));
        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count >= 12);
        Assert.That(Gateway.Log.Named("CallEnded"), Has.Count.EqualTo(12), "One line a call, whatever it took");
        Assert.That(Gateway.Log.Named("CallFailed"), Is.Empty);
    }

    [Test]
    public async Task Retries_AreCounted()
    {
        await Instances[0].DisposeAsync();
        await CallAsync(3);

        var metrics = await Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/metrics"));

        Assert.That(metrics.Split('\n'), Has.Some.StartsWith("gateway_retries_total{").And.Contains("cluster=\"user\"").And.Contains("result=\"ok\""));
        Assert.That(metrics.Split('\n'), Has.Some.StartsWith("gateway_breaker_open{").And.Contains("cluster=\"user\"").And.Contains("} 0"));
    }

    [Test]
    public async Task Request_SentAgain_IsTheSameMessage()
    {
        Instances[0].Fail(14, "going down");

        await CallAsync(3);

        var bodies = Instances.SelectMany(instance => instance.Calls).Select(call => Convert.ToHexString(call.Body)).ToArray();
        Assert.That(bodies, Has.Length.EqualTo(4), "Three calls, one of them made twice");
        Assert.That(bodies.Distinct().Count(), Is.EqualTo(1));
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Instances[1..].SelectMany(instance => instance.Calls).Last().Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Instance_Unavailable_OnlyIdempotentCallsAreMadeAgain()
    {
        Instances[0].Fail(14, "going down");

        Assert.That(await CallAsync(6), Has.All.Empty);
        Assert.That(await CallAsync(6, WritePath), Has.Exactly(2).EqualTo("no-instance"));
    }

    [Test]
    public async Task Instance_ResetsAfterTheRequest_OnlyIdempotentCallsAreMadeAgain()
    {
        Instances[0].OnCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        Assert.That(await CallAsync(6), Has.All.Empty);
        var before = Total;
        Assert.That(await CallAsync(6, WritePath), Has.Exactly(2).EqualTo("sub-service-failed"));
        Assert.That(Total - before, Is.EqualTo(6), "What may have been done is not done again");
    }

    [Test]
    public async Task Instance_BreaksOffInASmallAnswer_IdempotentCallsAreMadeAgain()
    {
        Instances[0].AnswerRaw(StubSubService.Frame(new byte[100])[..50]);

        Assert.That(await CallAsync(6), Has.All.Empty);
    }

    [Test]
    public async Task Instance_BreaksOffInALargeAnswer_ClientSeesThat()
    {
        foreach (var instance in Instances)
        {
            instance.AnswerRaw(StubSubService.Frame(new byte[1 << 20])[..^1]);
        }

        Assert.That(() => CallAsync(), Throws.InstanceOf<HttpRequestException>());

        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Total, Is.EqualTo(1), "The client had read a part of the answer already");
    }

    [TestCase(5)]
    [TestCase(13)]
    public async Task Instance_FailsTheCallItself_IsNotAskedAgain(int status)
    {
        Instances[0].Fail(status, "no such user");

        Assert.That(await CallAsync(3), Has.Exactly(1).EqualTo("sub-service-failed"));

        Assert.That(Total, Is.EqualTo(3));
    }

    [Test]
    public async Task Instances_AllFail_OneLineTellsIt()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(14, "database is gone");
        }

        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));

        Assert.That(Total, Is.EqualTo(3), "Each was asked once");
        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("CallEnded").Single().Message, Does.Contain("no-instance"));
    }

    [Test]
    public async Task SecondInstance_Hangs_CallEndsWithinTheRoutesTime()
    {
        await using var gateway = await GatewayFixture.StartAsync(Instances[0].Address, new()
        {
            ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "FirstAlphabetical",
            ["ReverseProxy:Clusters:user:Destinations:second:Address"] = Instances[1].Address,
            ["ReverseProxy:Routes:user-get-user-info:Timeout"] = "00:00:00.300",
        });
        gateway.Sessions.Set("s-alice", "alice");
        Instances[0].Fail(14, "going down");
        Instances[1].Hold();

        using var response = await gateway.PostAsync(ReadPath, new GetUserInfoReq { SessionId = "s-alice" }.ToByteArray()).DefaultTimeout();

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("timed-out"));
        Assert.That(int.Parse(Instances[1].LastCall.Headers["grpc-timeout"].TrimEnd('m')), Is.InRange(1, 300), "What is left of the route's time");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Instance_RefusesTheRequestUnread_NoCallFails(bool goAway)
    {
        await using var refusing = new FrameSubService
        {
            OnRequest = (connection, stream) => goAway ? connection.GoAwayAsync(last: 0) : connection.ResetStreamAsync(stream, Http2Error.RefusedStream),
        };
        await using var gateway = await GatewayFixture.StartAsync(refusing.Address, new()
        {
            ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "FirstAlphabetical",
            ["ReverseProxy:Clusters:user:Destinations:second:Address"] = Instances[1].Address,
        });
        gateway.Sessions.Set("s-alice", "alice");

        using var response = await gateway.PostAsync(WritePath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray()).DefaultTimeout();

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty, string.Join('\n', gateway.Log.Named("CallFailed").Select(entry => entry.Message)));
        Assert.That(refusing.Requests, Is.GreaterThan(0));
        Assert.That(Instances[1].Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task PlainRoute_WithoutABody_IsSentToAnotherInstance()
    {
        await using var gateway = await StartPlainAsync();

        using var response = await gateway.Client.GetAsync("/plain");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task PlainRoute_WithABody_IsNot()
    {
        await using var gateway = await StartPlainAsync();

        using var response = await gateway.Client.PostAsync("/plain", new ByteArrayContent([1]));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadGateway), "Its body is passed on as it comes, so it is gone");
    }

    [Test]
    public async Task PlainRoute_FirstAnswerIs503_NothingOfItStays()
    {
        Instances[0].OnCall = (context, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentLength = 0;
            context.Response.Headers["x-first"] = "1";
            return Task.CompletedTask;
        };
        Instances[1].OnCall = (context, _) => context.Response.WriteAsync("served");
        await using var gateway = await GatewayFixture.StartAsync(Instances[0].Address, new()
        {
            ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "FirstAlphabetical",
            ["ReverseProxy:Clusters:user:Destinations:second:Address"] = Instances[1].Address,
            ["ReverseProxy:Routes:plain:ClusterId"] = "user",
            ["ReverseProxy:Routes:plain:Match:Path"] = "/plain",
            ["ReverseProxy:Routes:plain:Metadata:Idempotent"] = "true",
            ["ReverseProxy:Routes:plain:Transforms:0:ResponseHeader"] = "x-appended",
            ["ReverseProxy:Routes:plain:Transforms:0:Append"] = "once",
            ["ReverseProxy:Routes:plain:Transforms:0:When"] = "Always",
        });

        using var response = await gateway.Client.GetAsync("/plain");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("served"));
        Assert.That(response.Headers.GetValues("x-appended"), Is.EqualTo(new[] { "once" }));
        Assert.That(response.Headers.Contains("x-first"), Is.False);
    }

    [Test]
    public async Task Others_AreDrained_FailureOfTheFirstStands()
    {
        Instances[0].Fail(14, "going down");
        var drained = Gateway.Services.GetRequiredService<DrainedDestinations>();
        drained.Drain("user", "second");
        drained.Drain("user", "third");

        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));

        Assert.That(Instances.Select(instance => instance.Calls.Count), Is.EqualTo(new[] { 1, 0, 0 }));
        Assert.That(Gateway.Log.Named("CallFailed").Single().Message, Does.Contain("grpc-status 14: going down"));
    }

    private int Total => Instances.Sum(instance => instance.Calls.Count);

    private Task<GatewayFixture> StartPlainAsync() => GatewayFixture.StartAsync("http://127.0.0.1:1", new()
    {
        ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "FirstAlphabetical",
        ["ReverseProxy:Clusters:user:Destinations:second:Address"] = Instances[1].Address,
        ["ReverseProxy:Routes:plain:ClusterId"] = "user",
        ["ReverseProxy:Routes:plain:Match:Path"] = "/plain",
    });
}
