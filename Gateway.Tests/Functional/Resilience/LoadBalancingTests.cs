using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.LoadBalancing;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>Which instance an RPC, or an ordinary request, goes to.</summary>
[TestFixture]
internal sealed class LoadBalancingTests
{
    private const string Cluster = "ReverseProxy:Clusters:user:";
    private const string RpcPath = "/service/user/get_user_info";
    private const string OrdinaryPath = "/plain";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    [Test]
    public async Task Instance_WithAnRpcUnderWay_IsPassedOver(
        [Values("PowerOfTwoChoices", "LeastRequests", "", null)] string? policy, [Values("grpc", "http")] string protocol, [Values(RpcPath, OrdinaryPath)] string next)
    {
        var version = protocol == "http" ? HttpProtocols.Http1 : HttpProtocols.Http2;
        await using var one = await StubSubService.StartAsync(version);
        await using var other = await StubSubService.StartAsync(version);
        await using var gateway = await StartAsync(one, other, new() { [Cluster + "Metadata:Protocol"] = protocol, [Cluster + "LoadBalancingPolicy"] = policy });
        var (arrived, answers) = (new TaskCompletionSource<StubSubService>(), new TaskCompletionSource());
        foreach (var instance in new[] { one, other })
        {
            instance.OnCall = async (context, _) =>
            {
                if (arrived.TrySetResult(instance))
                {
                    await answers.Task;
                }

                await (protocol == "grpc" ? StubSubService.AnswerAsync(context, []) : Task.CompletedTask);
            };
        }

        var first = gateway.PostAsync(RpcPath, Alice);
        var busy = await arrived.Task.DefaultTimeout();

        for (var i = 0; i < 8; i++)
        {
            using var response = await gateway.PostAsync(next, Alice).DefaultTimeout();
        }

        Assert.That(busy.Calls, Has.Count.EqualTo(1));
        Assert.That(one.Calls.Count + other.Calls.Count, Is.EqualTo(9));
        answers.SetResult();
        using var answer = await first.DefaultTimeout();
    }

    [Test]
    public async Task Load_OfAnInstance_EndsWithItsCalls()
    {
        await using var one = await StubSubService.StartAsync();
        await using var other = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(one, other, []);
        one.OnCall = other.OnCall = (context, call) => call.Path.Length % 2 == 0 ? StubSubService.AnswerAsync(context, []) : StubSubService.AnswerAsync(context, [], status: 13);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await gateway.PostAsync(RpcPath, Alice)).Dispose())).DefaultTimeout();

        Assert.That(gateway.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster("user", out var cluster));
        var load = gateway.Services.GetRequiredService<Gateway.Transforms.Upstream.DestinationLoad>();
        // A client may have its answer a moment before its call has ended.
        await Eventually.That(() => cluster!.DestinationsState.AllDestinations.All(destination => load.Of(destination) == 0));
    }

    [Test]
    public async Task SessionAffinity_OfTheCluster_HoldsForRpcs()
    {
        await using var one = await StubSubService.StartAsync();
        await using var other = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(one, other, new()
        {
            [Cluster + "LoadBalancingPolicy"] = LoadBalancingPolicies.RoundRobin,
            [Cluster + "SessionAffinity:Enabled"] = "true",
            [Cluster + "SessionAffinity:Policy"] = "HashCookie",
            [Cluster + "SessionAffinity:AffinityKeyName"] = "instance",
        });
        using var first = await gateway.PostAsync(RpcPath, Alice);
        var cookie = first.Headers.GetValues("set-cookie").Single().Split(';')[0];
        var chosen = one.Calls.Count > 0 ? one : other;

        for (var i = 0; i < 4; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, RpcPath) { Content = new ByteArrayContent(Alice) };
            request.Content.Headers.ContentType = new("application/x-protobuf");
            request.Headers.Add("cookie", cookie);
            using var response = await gateway.Client.SendAsync(request);
            Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        }

        Assert.That(chosen.Calls, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task SessionAffinity_ItsInstanceIsGone_IsNoInstance()
    {
        await using var one = await StubSubService.StartAsync();
        await using var other = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(one, other, new()
        {
            [Cluster + "SessionAffinity:Enabled"] = "true",
            [Cluster + "SessionAffinity:Policy"] = "HashCookie",
            [Cluster + "SessionAffinity:FailurePolicy"] = "Return503Error",
            [Cluster + "SessionAffinity:AffinityKeyName"] = "instance",
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, RpcPath) { Content = new ByteArrayContent(Alice) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        request.Headers.Add("cookie", "instance=of-another-day");

        using var response = await gateway.Client.SendAsync(request);

        Assert.That(GatewayFixture.ErrorCode(response), Is.EqualTo("no-instance"));
        Assert.That(one.Calls.Count + other.Calls.Count, Is.Zero);
    }

    private static async Task<GatewayFixture> StartAsync(StubSubService one, StubSubService other, Dictionary<string, string?> settings)
    {
        settings[Cluster + "Destinations:other:Address"] = other.Address;
        settings["ReverseProxy:Routes:plain:ClusterId"] = "user";
        settings["ReverseProxy:Routes:plain:Match:Path"] = OrdinaryPath;
        var gateway = await GatewayFixture.StartAsync(one.Address, settings);
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }
}
