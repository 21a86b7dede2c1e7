using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Functional;

/// <summary>Canaries that come and go while the gateway runs, and those of routes without the transform <c>Rpc</c>.</summary>
[TestFixture]
internal sealed class CanaryReloadTests : RouteReloadTest
{
    private StubSubService _canary = null!;

    [TearDown]
    public async Task StopCanaryAsync() => await _canary.DisposeAsync();

    [Test]
    public async Task Rollout_UnderCalls_FailsNone_AndSoDoesTheWayBack()
    {
        await StartWithCanaryAsync(HttpProtocols.Http2);
        _canary.Answer(new UserLoginRsp { RequestId = "r1", Success = true });
        using var end = new CancellationTokenSource();
        Task<int>[] callers = [CallUntilAsync(end.Token), CallUntilAsync(end.Token)];

        foreach (var percent in new[] { 1, 100, 25, 0 })
        {
            Folder.Write(File(more: Canary(percent)));
            await LookAsync(RouteReloadResult.Applied);
        }

        Folder.Write(File(more: Canary(100)));
        await LookAsync(RouteReloadResult.Applied);
        var (own, others) = (Service.Calls.Count, _canary.Calls.Count);
        // Calls that were under way at the change may still have gone where they were meant to go.
        for (var i = 0; i < 10; i++)
        {
            Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
        }

        await end.CancelAsync();
        Assert.That(await Task.WhenAll(callers).DefaultTimeout(), Has.All.GreaterThan(0));
        Assert.That(_canary.Calls.Count - others, Is.GreaterThanOrEqualTo(10));
        Assert.That(Service.Calls.Count - own, Is.LessThanOrEqualTo(callers.Length));
    }

    [Test]
    public async Task CallUnderWay_StaysWithItsCluster_WhenTheCanaryGoes()
    {
        await StartWithCanaryAsync(HttpProtocols.Http2);
        Folder.Write(File(more: Canary(100)));
        await LookAsync(RouteReloadResult.Applied);
        var (arrived, released) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _canary.OnCall = async (context, _) =>
        {
            arrived.SetResult();
            await released.Task;
            await StubSubService.AnswerAsync(context, []);
        };
        var call = PostAsync(LoginPath);
        await arrived.Task.DefaultTimeout();

        Folder.Write(File());
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
        released.SetResult();

        using var response = await call.DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That((_canary.Calls.Count, Service.Calls.Count), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task BadCanary_IsRefused_AndTheOldOneStays()
    {
        await StartWithCanaryAsync(HttpProtocols.Http2);
        Folder.Write(File(more: Canary(100)));
        await LookAsync(RouteReloadResult.Applied);

        Folder.Write(File(more: """ "Canary": [ { "ClusterId": "user-v3", "Percent": "five", "Percnt": 5 } ],"""));
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors, Is.EquivalentTo(new[]
        {
            "Route 'login': Canary:0 has no setting 'Percnt'; did you mean 'Percent'? It knows ClusterId, Header, Percent, Values (" + Folder.File + ").",
            $"Route 'login': Canary:0:Percent is 'five' ({Folder.File}); use a number, as '0.5'.",
        }));
        Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
        Assert.That(_canary.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task UnknownCluster_IsRefused_WithItsFile()
    {
        await StartWithCanaryAsync(HttpProtocols.Http2);

        Folder.Write(File(more: """ "Canary": [ { "ClusterId": "nobody", "Percent": 5 } ],"""));
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors.Single(), Is.EqualTo(
            "Route 'login': Canary:0:ClusterId is 'nobody', which is no cluster; use one of 'file', 'friend', 'message-storage', 'message-transmit', 'speech', 'user', 'user-v2' "
            + $"({Folder.File})."));
    }

    [Test]
    public async Task OrdinaryRoute_GoesThere_WithItsHeaders_ByTheClientsAddress()
    {
        const string Plain = """ "plain": { "ClusterId": "plain", "Match": { "Path": "/plain" }, "Canary": [ { "ClusterId": "user-v2", "Percent": 100 }, { "ClusterId": "plain", "Header": "x-old", "Values": [ "1" ] } ] }, """;
        Settings["ReverseProxy:Clusters:plain:Destinations:a:Address"] = Service.Address;
        Folder.Write(File(routes: Plain));
        await StartWithCanaryAsync(HttpProtocols.Http1);
        _canary.OnCall = (context, call) => context.Response.WriteAsync($"new {call.Headers.GetValueOrDefault("x-own")}");
        Service.OnCall = (context, _) => context.Response.WriteAsync("old");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/plain") { Headers = { { "x-own", "kept" } } };
        using var response = await Gateway.Client.SendAsync(request).DefaultTimeout();
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/plain") { Headers = { { "x-old", "1" } } };
        using var old = await Gateway.Client.SendAsync(asked).DefaultTimeout();

        Assert.That((await response.Content.ReadAsStringAsync(), await old.Content.ReadAsStringAsync()), Is.EqualTo(("new kept", "old")));
    }

    [Test]
    public async Task OrdinaryRoute_TakesSocketsThere()
    {
        Folder.Write(File(routes: """ "sockets": { "ClusterId": "user", "Match": { "Path": "/sockets" }, "Canary": [ { "ClusterId": "user-v2", "Percent": 100 } ] }, """));
        await StartWithCanaryAsync(HttpProtocols.Http1);
        _canary.OnRequest = async context =>
        {
            context.Response.Headers.Upgrade = "websocket";
            await using var socket = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            await socket.WriteAsync("new"u8.ToArray());
        };
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync("GET /sockets HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        Assert.That(await client.ReadBytesAsync(3), Is.EqualTo("new"u8.ToArray()));
    }

    private static string Canary(int percent) => $$""" "Canary": [ { "ClusterId": "user-v2", "Percent": {{percent}} } ],""";

    private async Task StartWithCanaryAsync(HttpProtocols protocols)
    {
        _canary = await StubSubService.StartAsync(protocols);
        Settings["ReverseProxy:Clusters:user-v2:Destinations:a:Address"] = _canary.Address;
        if (protocols == HttpProtocols.Http1)
        {
            Settings["ReverseProxy:Clusters:user-v2:Metadata:Protocol"] = "http";
        }

        await StartAsync();
    }

    /// <summary>Fails with the first call that does; returns how many there were.</summary>
    private async Task<int> CallUntilAsync(CancellationToken end)
    {
        var calls = 0;
        while (!end.IsCancellationRequested)
        {
            Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
            calls++;
        }

        return calls;
    }
}
