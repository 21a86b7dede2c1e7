using System.Text.Json;
using Gateway.Protocol;
using Gateway.Proxy.Canary;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Operations.Health;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Routes of which another cluster gets a part. Alice does not belong to the first half of those who try <c>user-v2</c>.</summary>
[TestFixture]
internal sealed class CanaryTests : GatewayTest
{
    private const string Route = "ReverseProxy:Routes:user-get-user-info:Canary:";
    private const string UploadPath = "/service/file/put_single_file";
    private const string AddFriendPath = "/service/friend/add_friend_apply";
    private const string Token = "a-token-of-some-length";

    private StubSubService _canary = null!;
    private int _before;

    protected override Dictionary<string, string?> Settings => new()
    {
        ["Gateway:Management:Token"] = Token,
        ["ReverseProxy:Clusters:user-v2:Destinations:a:Address"] = _canary.Address,
        [Route + "0:ClusterId"] = "user-v2",
        [Route + "0:Percent"] = "50",
        [Route + "1:ClusterId"] = "user-v2",
        [Route + "1:Header"] = "x-canary",
        [Route + "1:Values:0"] = "new",
        [Route + "2:ClusterId"] = "user",
        [Route + "2:Header"] = "x-canary",
        [Route + "2:Values:0"] = "old",
        ["ReverseProxy:Clusters:friend-v2:Destinations:a:Address"] = _canary.Address,
        ["ReverseProxy:Routes:friend-add-friend-apply:Canary:0:ClusterId"] = "friend-v2",
        ["ReverseProxy:Routes:friend-add-friend-apply:Canary:0:Percent"] = "100",
    };

    private StubSubService.Call[] CanaryCalls => [.. _canary.Calls.Skip(_before)];

    // Before the base class starts a gateway with its address.
    [OneTimeSetUp]
    public async Task StartCanaryAsync() => _canary = await StubSubService.StartAsync();

    [OneTimeTearDown]
    public async Task StopCanaryAsync() => await _canary.DisposeAsync();

    [SetUp]
    public void Forget() => (_canary.OnCall, _before) = ((context, _) => StubSubService.AnswerAsync(context, []), _canary.Calls.Count);

    [Test]
    public async Task Percent_IsOfUsers_AndTheSameInEachCall()
    {
        string[] users = [.. Enumerable.Range(0, 40).Select(i => $"u{i}")];
        foreach (var user in users)
        {
            Gateway.Sessions.Set($"s-{user}", user);
        }

        for (var round = 0; round < 2; round++)
        {
            foreach (var user in users)
            {
                Assert.That(await CallAsync($"s-{user}"), Is.Empty);
            }
        }

        string[] expected = [.. users.Where(user => CanaryDraw.Of("user", "user-v2", user) < 0.5)];
        Assert.That(expected, Has.Length.InRange(10, 30));
        Assert.That(CanaryCalls.Select(UserOf), Is.EqualTo(expected.Concat(expected)));
        Assert.That(Service.Calls.Select(UserOf), Is.EqualTo(users.Except(expected).Concat(users.Except(expected))));
    }

    [Test]
    public async Task Header_ComesBeforeThePercent_AndGoesNoFurther()
    {
        Gateway.Sessions.Set("s-bob", "bob");
        Assert.That(CanaryDraw.Of("user", "user-v2", "bob"), Is.LessThan(0.5));

        await CallAsync("s-alice", "new");
        await CallAsync("s-bob", "old");
        await CallAsync("s-alice", "New");
        await CallAsync("s-bob", "other");

        Assert.That(CanaryCalls.Select(UserOf), Is.EqualTo(new[] { "alice", "bob" }));
        Assert.That(Service.Calls.Select(UserOf), Is.EqualTo(new[] { "bob", "alice" }));
        Assert.That(CanaryCalls.Concat(Service.Calls).SelectMany(call => call.Headers.Keys), Does.Not.Contain("x-canary"));
    }

    [Test]
    public async Task Shares_AreInMetricsAndAdministration_OfCallsAsWell()
    {
        for (var i = 0; i < 3; i++)
        {
            await CallAsync("s-alice");
        }

        await CallAsync("s-alice", "new");

        var route = (await AdminAsync("routes")).EnumerateArray().Single(route => route.GetProperty("route").GetString() == "user-get-user-info");
        Assert.That(route.GetProperty("canary").ToString(), Is.EqualTo(
            """[{"clusterId":"user-v2","percent":50,"header":null,"values":[]},{"clusterId":"user-v2","percent":null,"header":"x-canary","values":["new"]},{"clusterId":"user","percent":null,"header":"x-canary","values":["old"]}]"""));
        await Eventually.That(async () => (await SharesAsync()).Sum(share => share.Ended) == 4);
        Assert.That(await SharesAsync(), Is.EqualTo(new[] { ("user", 3L, 0L, 3), ("user-v2", 1L, 0L, 1) }));
        var metrics = await Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/metrics"));
        Assert.That(metrics, Does.Contain("by=\"rest\",cluster=\"user\",route=\"user-get-user-info\"} 3").Or.Contain("route=\"user-get-user-info\",cluster=\"user\",by=\"rest\"} 3"));
        Assert.That(metrics, Does.Match("gateway_destination_duration_seconds_count\\{[^}]*cluster=\"user-v2\"[^}]*\\} 1"));
        Assert.That(Gateway.Log.Named("CallEnded").Count(line => line.Message.Contains(_canary.Address, StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task NoInstanceOfTheCanary_TheRoutesOwnClusterAnswers_AndThatIsTold()
    {
        Gateway.Services.GetRequiredService<DrainedDestinations>().Drain("user-v2", "a");

        Assert.That(await CallAsync("s-alice", "new"), Is.Empty);

        Assert.That((CanaryCalls.Length, Service.Calls.Count), Is.EqualTo((0, 1)));
        Assert.That((await SharesAsync()).Single() with { Ended = 0 }, Is.EqualTo(("user", 1L, 1L, 0)));
        var readiness = Gateway.Services.GetRequiredService<Readiness>().Report();
        Assert.That(readiness.Degraded, Is.EqualTo(new[] { "cluster 'user-v2', a canary, has no destination to give calls to (1 drained); the routes' own clusters get them" }));
        Assert.That(readiness.Outages, Is.Empty);
    }

    [Test]
    public async Task CapOfTheCanary_IsItsOwn()
    {
        await using var gateway = await StartGatewayAsync(new(Settings) { [Route + "0:Percent"] = "0", ["ReverseProxy:Clusters:user-v2:Metadata:MaxConcurrentRequests"] = "1" });
        var held = _canary.Hold();
        using var end = new CancellationTokenSource();
        var first = SendAsync(gateway, "s-alice", "new", end.Token);
        await held.Arrived.DefaultTimeout();

        using var second = await SendAsync(gateway, "s-alice", "new").DefaultTimeout();
        using var third = await SendAsync(gateway, "s-alice").DefaultTimeout();

        Assert.That((GatewayFixture.ErrorCode(second), GatewayFixture.ErrorCode(third)), Is.EqualTo(("overloaded", "")));
        await end.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        await held.GivenUp.DefaultTimeout();
    }

    [Test]
    public async Task FailingCanary_IsRetriedAndJudgedInItself()
    {
        await using var gateway = await StartGatewayAsync(new(Settings)
        {
            [Route + "0:Percent"] = "100",
            ["ReverseProxy:Clusters:user-v2:Destinations:a:Address"] = "http://127.0.0.1:1",
            ["ReverseProxy:Clusters:user-v2:Destinations:b:Address"] = _canary.Address,
            ["ReverseProxy:Clusters:user-v2:LoadBalancingPolicy"] = "FirstAlphabetical",
        });

        using var response = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That((CanaryCalls.Length, Service.Calls.Count), Is.EqualTo((1, 0)), "The second attempt stays in the cluster");
        var metrics = await gateway.Client.GetStringAsync(new Uri(gateway.Management, "/metrics"));
        Assert.That(metrics, Does.Match("gateway_retries_total\\{[^}]*cluster=\"user-v2\"[^}]*\\} 1"));
    }

    [Test]
    public async Task CanaryWithAnotherProtocolAndAffinity_IsSpokenToAsItSays()
    {
        await using var http = await StubSubService.StartAsync(HttpProtocols.Http1);
        http.OnCall = (context, _) =>
        {
            context.Response.ContentType = "application/x-protobuf";
            return context.Response.Body.WriteAsync(new GetUserInfoRsp { RequestId = context.Request.Protocol, Success = true }.ToByteArray()).AsTask();
        };
        await using var gateway = await StartGatewayAsync(new(Settings)
        {
            [Route + "0:Percent"] = "100",
            ["ReverseProxy:Clusters:user-v2:Metadata:Protocol"] = "http",
            ["ReverseProxy:Clusters:user-v2:Destinations:a:Address"] = http.Address,
            ["ReverseProxy:Clusters:user-v2:SessionAffinity:Enabled"] = "true",
            ["ReverseProxy:Clusters:user-v2:SessionAffinity:AffinityKeyName"] = "at",
        });

        using var response = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());

        Assert.That((await GatewayFixture.ParseAsync<GetUserInfoRsp>(response)).RequestId, Is.EqualTo("HTTP/1.1"));
        Assert.That(response.Headers.GetValues("Set-Cookie").Single(), Does.StartWith("at="));
    }

    [Test]
    public async Task NotifyingRoute_TellsOnce()
    {
        var everybody = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice" } } };
        Service.AnswerByMethod(new() { ["GetMultiUserInfo"] = everybody });
        _canary.Answer(new FriendAddRsp { RequestId = "r1", Success = true });

        var answer = await Gateway.CallAsync<FriendAddRsp>(AddFriendPath, new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(answer.Success, Is.True);
        Assert.That(CanaryCalls.Select(call => call.Path), Is.EqualTo(new[] { "/bite_im.FriendService/FriendAdd" }));
        Assert.That(Gateway.Published.Notifications.Single().Recipients, Is.EqualTo(new[] { "bob" }));
    }

    /// <summary>Before the sender is known nobody knows the cluster: the route's own would take a body without a length in chunks, and the canary cannot.</summary>
    [Test]
    public async Task Upload_InChunks_ReachesACanaryThatNeedsItsLength([Values] bool isChunked)
    {
        await using var gateway = await StartGatewayAsync(new(Settings)
        {
            ["ReverseProxy:Clusters:file:Metadata:Protocol"] = "http",
            ["ReverseProxy:Routes:file-put-single-file:Canary:0:ClusterId"] = "user-v2",
            ["ReverseProxy:Routes:file-put-single-file:Canary:0:Percent"] = "100",
        });
        _canary.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });
        var file = Raw.Bytes(4, Raw.Join(Raw.Bytes(1, "name"u8.ToArray()), Raw.Bytes(3, new byte[1 << 20])));
        using var request = new HttpRequestMessage(HttpMethod.Post, UploadPath) { Content = new ByteArrayContent(Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), file)) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        request.Headers.TransferEncodingChunked = isChunked;

        using var response = await gateway.Client.SendAsync(request).DefaultTimeout();

        Assert.That((await GatewayFixture.ParseAsync<PutSingleFileRsp>(response)).Success, Is.True);
        Assert.That(CanaryCalls.Single().Message.SequenceEqual(Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), file, Raw.Text(2, "alice"))), Is.True);
    }

    private static string UserOf(StubSubService.Call call) => GetUserInfoReq.Parser.ParseFrom(call.Message).UserId;

    /// <summary>The code of the failure, or nothing.</summary>
    private async Task<string> CallAsync(string session, string? header = null)
    {
        using var response = await SendAsync(Gateway, session, header).DefaultTimeout();
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return GatewayFixture.ErrorCode(response);
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayFixture gateway, string session, string? header = null, CancellationToken end = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new ByteArrayContent(new GetUserInfoReq { SessionId = session }.ToByteArray()) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        if (header is not null)
        {
            request.Headers.Add("x-canary", header);
        }

        return await gateway.Client.SendAsync(request, end);
    }

    private async Task<(string Cluster, long Requests, long FellBack, int Ended)[]> SharesAsync() =>
    [
        .. (await AdminAsync("traffic")).GetProperty("canaries").GetProperty("user-get-user-info").EnumerateArray().Select(share => (
            share.GetProperty("cluster").GetString()!,
            share.GetProperty("requests").GetInt64(),
            share.GetProperty("fellBack").GetInt64(),
            share.GetProperty("calls") is { ValueKind: JsonValueKind.Object } calls ? calls.GetProperty("outcomes").GetProperty("ok").GetInt32() : 0)),
    ];

    private async Task<JsonElement> AdminAsync(string what)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Gateway.Management, $"/admin/{what}"));
        request.Headers.Authorization = new("Bearer", Token);
        using var response = await Gateway.Client.SendAsync(request).DefaultTimeout();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
