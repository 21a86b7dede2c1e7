namespace Gateway.Chaos.Parts;

/// <summary>A whole system on free loopback ports: etcd, Redis, three instances of the user, file and friend services, two gateways.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private static readonly string[] Services = ["user_service", "file_service", "friend_service"];

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-chaos-").FullName;

    public Rig()
    {
        Etcd = new EtcdStore(_folder);
        Redis = new RedisStore(_folder);
        Instances = [new Instance(_folder), new Instance(_folder), new Instance(_folder)];
        var etcd = $"--Gateway:Etcd:Endpoints={Etcd.Endpoint}";
        Gateways = [new GatewayNode(_folder, Redis.Endpoint, etcd), new GatewayNode(_folder, Redis.Endpoint, etcd)];
    }

    public EtcdStore Etcd { get; }

    public RedisStore Redis { get; }

    public IReadOnlyList<Instance> Instances { get; }

    public IReadOnlyList<GatewayNode> Gateways { get; }

    /// <param name="users">How many users to log in: session <c>s0</c> is user <c>u0</c>, and so on.</param>
    public async Task StartAsync(int users)
    {
        await Task.WhenAll([Etcd.StartAsync(), Redis.StartAsync(), .. Instances.Select(instance => instance.StartAsync())]);
        await RegisterAllAsync();
        await Redis.LogInAsync(users);
        await Task.WhenAll(Gateways.Select(gateway => gateway.StartAsync()));
    }

    public async Task RegisterAllAsync()
    {
        for (var i = 0; i < Instances.Count; i++)
        {
            await RegisterAsync(i);
        }
    }

    /// <summary>Tells the gateways of an instance, without a lease: one that is dead stays registered, which is the harder case.</summary>
    public async Task RegisterAsync(int instance)
    {
        foreach (var service in Services)
        {
            await Etcd.PutAsync(KeyOf(service, instance), Instances[instance].Address);
        }
    }

    public async Task UnregisterAsync(int instance)
    {
        foreach (var service in Services)
        {
            await Etcd.DeleteAsync(KeyOf(service, instance));
        }
    }

    /// <summary>Waits until each gateway has so many instances from etcd.</summary>
    public Task GatewaysKnowAsync(int instances) => Task.WhenAll(Gateways.Select(gateway => Eventually.TrueAsync(
        async () => await gateway.KnownInstancesAsync() == instances * Services.Length,
        $"the gateway at {gateway.Http} knows {instances} instances of each service")));

    public ValueTask DisposeAsync()
    {
        foreach (var gateway in Gateways)
        {
            gateway.Dispose();
        }

        foreach (var instance in Instances)
        {
            instance.Dispose();
        }

        Redis.Dispose();
        Etcd.Dispose();
        Directory.Delete(_folder, recursive: true);
        return default;
    }

    private static string KeyOf(string service, int instance) => $"/service/{service}/{instance}";
}
