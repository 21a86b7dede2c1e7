using System.Globalization;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Net.Client;
using StackExchange.Redis;

namespace Gateway.Chaos.Parts;

/// <summary>A whole system on free loopback ports: etcd, Redis, three instances of the user, file and friend services, two gateways.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private static readonly string[] Services = ["user_service", "file_service", "friend_service"];

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-chaos-").FullName;
    private readonly int _etcdPort = Child.FreePort();
    private readonly int _etcdPeerPort = Child.FreePort();
    private readonly int _redisPort = Child.FreePort();

    public Rig()
    {
        Etcd = new Child(
            _folder, "etcd", "--name", "chaos", "--data-dir", Path.Combine(_folder, "etcd"),
            "--listen-client-urls", EtcdAddress, "--advertise-client-urls", EtcdAddress,
            "--listen-peer-urls", $"http://127.0.0.1:{_etcdPeerPort}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{_etcdPeerPort}",
            "--initial-cluster", $"chaos=http://127.0.0.1:{_etcdPeerPort}", "--logger", "zap", "--log-level", "error");
        Redis = new Child(
            _folder, "redis-server", "--port", _redisPort.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder,
            "--appendonly", "yes", "--appendfsync", "always", "--save", "");
        Instances = [new Instance(_folder), new Instance(_folder), new Instance(_folder)];
        Gateways = [new GatewayNode(_folder, EtcdAddress, RedisAddress), new GatewayNode(_folder, EtcdAddress, RedisAddress)];
    }

    public Child Etcd { get; }

    public Child Redis { get; }

    public IReadOnlyList<Instance> Instances { get; }

    public IReadOnlyList<GatewayNode> Gateways { get; }

    private string EtcdAddress => $"http://127.0.0.1:{_etcdPort}";

    private string RedisAddress => $"127.0.0.1:{_redisPort}";

    /// <param name="users">How many users to log in: session <c>s0</c> is user <c>u0</c>, and so on.</param>
    public async Task StartAsync(int users)
    {
        Etcd.Start();
        Redis.Start();
        await Task.WhenAll(Instances.Select(instance => instance.StartAsync()));
        await EtcdAnswersAsync();
        await RedisAnswersAsync();
        for (var i = 0; i < Instances.Count; i++)
        {
            await RegisterAsync(i);
        }

        await using var redis = await ConnectionMultiplexer.ConnectAsync(RedisAddress);
        for (var i = 0; i < users; i++)
        {
            await redis.GetDatabase().StringSetAsync($"s{i}", $"u{i}");
        }

        await Task.WhenAll(Gateways.Select(gateway => gateway.StartAsync()));
    }

    /// <summary>Tells the gateways of an instance, without a lease: one that is dead stays registered, which is the harder case.</summary>
    public async Task RegisterAsync(int instance)
    {
        using var channel = GrpcChannel.ForAddress(EtcdAddress);
        var keys = new KV.KVClient(channel);
        foreach (var service in Services)
        {
            await keys.PutAsync(new PutRequest { Key = KeyOf(service, instance), Value = ByteString.CopyFromUtf8(Instances[instance].Address) });
        }
    }

    public async Task UnregisterAsync(int instance)
    {
        using var channel = GrpcChannel.ForAddress(EtcdAddress);
        var keys = new KV.KVClient(channel);
        foreach (var service in Services)
        {
            await keys.DeleteRangeAsync(new DeleteRangeRequest { Key = KeyOf(service, instance) });
        }
    }

    public Task EtcdAnswersAsync() => Eventually.TrueAsync(
        async () =>
        {
            using var channel = GrpcChannel.ForAddress(EtcdAddress);
            await new KV.KVClient(channel).RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("/ready") }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1));
            return true;
        },
        "etcd answers");

    public Task RedisAnswersAsync() => Eventually.TrueAsync(
        async () =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{RedisAddress},connectTimeout=500");
            await redis.GetDatabase().PingAsync();
            return true;
        },
        "Redis answers");

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

    private static ByteString KeyOf(string service, int instance) => ByteString.CopyFromUtf8($"/service/{service}/{instance}");
}
