using Gateway.Proxy.Discovery;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>From a key in etcd to a destination in YARP, with everything real in between.</summary>
[Servers]
public sealed class EtcdProxyTests
{
    [Test]
    public async Task Registration_ComesMovesAndGoes_SoDoTheDestinations()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        using var logs = new RecordingLoggerProvider();
        await using var app = BuildProxy(etcd.Endpoint, logs);
        await app.StartAsync().DefaultTimeout();
        var state = app.Services.GetRequiredService<IProxyStateLookup>();
        Assert.That(state.TryGetCluster("user", out var cluster), Is.True);

        Task HasAsync(params string[] destinations) => Eventually.That(
            () => cluster!.DestinationsState.AllDestinations.Select(destination => destination.DestinationId).SequenceEqual(destinations),
            $"the destinations are [{string.Join(", ", destinations)}]");

        await HasAsync();
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:81");
        await HasAsync("/service/user_service/i1@http://127.0.0.1:81");
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:82");
        await HasAsync("/service/user_service/i1@http://127.0.0.1:82");
        await etcd.DeleteAsync("/service/user_service/i1");
        await HasAsync();

        await app.StopAsync().DefaultTimeout();
        logs.AssertNoErrors();
    }

    [Test]
    public async Task Start_EtcdIsAway_IsNotHeldUp()
    {
        using var logs = new RecordingLoggerProvider();
        await using var app = BuildProxy($"http://127.0.0.1:{LoopbackPort.Free()}", logs);

        await app.StartAsync().DefaultTimeout();
        await app.StopAsync().DefaultTimeout();

        logs.AssertNoErrors();
    }

    private static WebApplication BuildProxy(string etcd, RecordingLoggerProvider logs)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Gateway:Etcd:Endpoints"] = etcd });
        builder.Services.AddDiscovery();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "r1", ClusterId = "user", Match = new RouteMatch { Path = "/{**all}" } }],
            [new ClusterConfig
            {
                ClusterId = "user",
                Destinations = new Dictionary<string, DestinationConfig> { ["etcd"] = new() { Address = "etcd:///service/user_service" } },
            }]);
        var app = builder.Build();
        app.MapReverseProxy();
        return app;
    }
}
