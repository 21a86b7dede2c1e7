using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;

namespace Gateway.Tests.Functional.Family;

/// <summary>A deployment with a real Redis, and with a real etcd in which the sub-service is registered.</summary>
/// <param name="deployment">The folder of its files.</param>
/// <param name="keys">Below which the sub-service is registered.</param>
/// <param name="sessionPrefix">What the user service puts before a session id.</param>
internal abstract class EtcdFamilyTest(string deployment, string[] keys, string sessionPrefix = "") : RedisFamilyTest(deployment)
{
    private EtcdProcess _etcd = null!;

    public override async Task StartAsync()
    {
        await base.StartAsync();
        var clusters = Hub.Gateway.Services.GetRequiredService<IProxyStateLookup>();
        await Eventually.That(
            () => clusters.GetClusters().All(cluster => cluster.DestinationsState.AvailableDestinations.Count > 0), "the gateway has not found all instances");
    }

    public override async Task StopAsync()
    {
        await base.StopAsync();
        await _etcd.DisposeAsync();
    }

    protected override async Task<Dictionary<string, string?>> SettingsAsync()
    {
        _etcd = await EtcdProcess.CreateAsync();
        foreach (var key in keys)
        {
            await _etcd.PutAsync(key, new Uri(Service.Address).Authority);
        }

        var settings = await base.SettingsAsync();
        foreach (var user in Users)
        {
            await Database.StringSetAsync($"{sessionPrefix}s-{user}", user);
        }

        return new Dictionary<string, string?>(settings)
        {
            ["Gateway:Etcd:Endpoints"] = _etcd.Endpoint,
            ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00",
        };
    }
}
