using Gateway.Notify.Delivery;
using Gateway.Proxy;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Hosting;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;

namespace Gateway.Tests.Notify;

/// <summary>A gateway for requests and one for sockets, joined by Redis and etcd, work as one that does both.</summary>
[TestFixture]
[Servers]
internal sealed class RolesTests
{
    [Test]
    public async Task ProxyAndNotify_AsTwoGateways_WorkAsOne_AndSocketsPassThroughTheProxy()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var etcd = await EtcdProcess.CreateAsync();
        await using var connection = await redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("s-alice", "alice");
        var socketPort = LoopbackPort.Free();
        var shared = new Dictionary<string, string?>
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = redis.Configuration,
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
        };
        var notify = await GatewayFixture.StartAsync("http://127.0.0.1:1", new(shared)
        {
            ["Gateway:Roles"] = "notify",
            ["Gateway:Listen:WebSocketPort"] = $"{socketPort}",
            ["Gateway:Registration:Service"] = "notify_service",
            ["Gateway:Registration:Address"] = $"127.0.0.1:{socketPort}",
            ["Gateway:Registration:TimeToLive"] = "00:00:03",
        });
        await using var proxy = await GatewayFixture.StartAsync("http://127.0.0.1:1", new(shared)
        {
            ["Gateway:Roles"] = "proxy",
            ["ReverseProxy:Routes:sockets:ClusterId"] = "notify",
            ["ReverseProxy:Routes:sockets:Match:Path"] = "/ws",
            ["ReverseProxy:Clusters:notify:Metadata:Protocol"] = "http",
            ["ReverseProxy:Clusters:notify:Destinations:etcd:Address"] = "etcd:///service/notify_service",
        });
        var registry = proxy.Services.GetRequiredService<ServiceRegistry>();
        // Known to the registry it is a moment before requests are sent to it.
        var routes = proxy.Services.GetRequiredService<IProxyStateLookup>();
        await Eventually.That(() => routes.TryGetCluster("notify", out var cluster) && cluster.DestinationsState.AvailableDestinations.Count == 1, "the hub has registered");

        await using (var plain = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(proxy.Urls[0], "/ws"), "s-alice"))
        {
            await using var extended = await ExtendedClient.JoinAsync(HubFixture.WebSocketUri(proxy.Urls[0], "/ws"), "s-alice");
            var hub = proxy.Services.GetRequiredService<NotifyHub>();
            await Eventually.That(async () => (await hub.FindSocketsAsync("alice", CancellationToken.None)).Count == 2);
            await hub.PublishAsync(["alice"], HubFixture.Removed("bob"), CancellationToken.None);
            Assert.That(await plain.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
            Assert.That((await extended.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")));
            using var request = await notify.PostAsync("/service/user/username_login", []);
            Assert.That((int)request.StatusCode, Is.EqualTo(404), "A gateway for sockets takes no requests");

            await notify.DisposeAsync();
            Assert.That((await plain.ReceiveCloseAsync()).Code, Is.EqualTo(1001));
        }

        await Eventually.That(() => registry.Current.InstanceCount == 0, "the entry is gone with the hub");
    }

    [Test]
    public async Task Registration_WhoseLeaseWasLost_IsMadeAnew()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await using var gateway = await GatewayFixture.StartAsync("http://127.0.0.1:1", new()
        {
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["Gateway:Registration:Service"] = "notify_service",
            ["Gateway:Registration:Address"] = "127.0.0.1:9001",
            ["Gateway:Registration:TimeToLive"] = "00:00:03",
        });
        var registry = gateway.Services.GetRequiredService<ServiceRegistry>();
        await Eventually.That(() => registry.Current.InstanceCount == 1, "the gateway has registered");
        await etcd.WipeAsync();
        await Eventually.That(async () => await etcd.CountAsync("/service/notify_service/") == 1, "the gateway has registered anew");
    }

    [TestCase("Gateway:Roles", "porxy", "Gateway:Roles is 'porxy'; use 'proxy', 'notify' or 'proxy,notify'.")]
    [TestCase("Gateway:Roles", "proxy", "Gateway:Roles is 'proxy', but events do not leave this process; set Gateway:Notify:Bus to 'Redis', so that they reach the gateways with the sockets.")]
    [TestCase("Gateway:Registration:Service", "notify_service", "Gateway:Registration:Service is 'notify_service', but Gateway:Etcd:Endpoints is empty; name the etcd to register in.")]
    [TestCase("Gateway:Notify:RebalanceRate", "5", "Gateway:Notify:RebalanceRate is set, but this gateway is joined with no others; remove it, or set Gateway:Notify:Bus to 'Redis'.")]
    public void Mistakes_AreNamedAtStart(string setting, string value, string expected)
    {
        var refused = Assert.Catch(() => GatewayHost.Build([], builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:Sessions:Store"] = "Memory",
            ["Gateway:Etcd:Endpoints"] = "",
            ["Gateway:Registration:Address"] = "127.0.0.1:9001",
            [setting] = value,
        })))!;
        Assert.That(StartFailure.Describe(refused), Has.Member(expected));
    }
}
