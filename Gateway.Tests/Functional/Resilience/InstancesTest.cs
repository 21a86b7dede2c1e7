using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>Three instances of the user service behind one gateway, and Alice logged in.</summary>
internal abstract class InstancesTest
{
    /// <summary>A route marked as idempotent in yarp.json.</summary>
    protected const string ReadPath = "/service/user/get_user_info";

    /// <summary>A route that changes something.</summary>
    protected const string WritePath = "/service/user/set_nickname";

    protected const string Metadata = "ReverseProxy:Clusters:user:Metadata:";

    /// <summary>The ids of the instances as destinations.</summary>
    protected static readonly string[] Names = ["etcd", "second", "third"];

    protected StubSubService[] Instances { get; private set; } = [];

    protected GatewayFixture Gateway { get; private set; } = null!;

    /// <summary>Settings of all tests of a fixture.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    protected ClusterState Cluster
    {
        get
        {
            Assert.That(Gateway.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster("user", out var cluster));
            return cluster!;
        }
    }

    protected int Available => Cluster.DestinationsState.AvailableDestinations.Count;

    [SetUp]
    public async Task StartAsync()
    {
        Instances = [await StubSubService.StartAsync(), await StubSubService.StartAsync(), await StubSubService.StartAsync()];
        var settings = Settings;
        // In turn, so that a test knows who is asked.
        settings["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "RoundRobin";
        for (var i = 1; i < Instances.Length; i++)
        {
            settings[$"ReverseProxy:Clusters:user:Destinations:{Names[i]}:Address"] = Instances[i].Address;
        }

        Gateway = await GatewayFixture.StartAsync(Instances[0].Address, settings, Configure);
        Gateway.Sessions.Set("s-alice", "alice");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        foreach (var instance in Instances)
        {
            await instance.DisposeAsync();
        }
    }

    protected virtual void Configure(WebApplicationBuilder builder)
    {
    }

    /// <summary>One call; the code of its failure, or nothing.</summary>
    protected async Task<string> CallAsync(string path = ReadPath)
    {
        using var response = await Gateway.PostAsync(path, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray()).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }

    protected async Task<List<string>> CallAsync(int count, string path = ReadPath)
    {
        var codes = new List<string>();
        for (var i = 0; i < count; i++)
        {
            codes.Add(await CallAsync(path));
        }

        return codes;
    }
}
