using StackExchange.Redis;

namespace Gateway.Tests.Support;

/// <summary>A real Redis.</summary>
internal sealed class RedisProcess(bool isCluster = false, TestAuthority? authority = null, string password = "", params string[] further) : ServerProcess("redis-server", "redis-server")
{
    // All there are.
    private const int Slots = 16384;

    private readonly int _clusterPort = LoopbackPort.Free();

    public int Port { get; } = LoopbackPort.Free();

    public string Configuration => authority is null ? $"127.0.0.1:{Port}" : $"127.0.0.1:{Port},ssl=true";

    protected override IEnumerable<string> Arguments =>
    [
        .. Listening(), "--bind", "127.0.0.1", "--dir", Folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        "--cluster-enabled", isCluster ? "yes" : "no", "--cluster-port", $"{_clusterPort}", "--cluster-announce-ip", "127.0.0.1", .. further,
    ];

    /// <param name="further">Settings beside the usual ones.</param>
    public static Task<RedisProcess> CreateAsync(params string[] further) => StartedAsync(new RedisProcess(further: further));

    /// <summary>One that keeps nothing but the snapshots it is asked for.</summary>
    public static Task<RedisProcess> CreateWithSnapshotsAsync(params string[] further) => CreateAsync(["--appendonly", "no", .. further]);

    /// <summary>One that speaks TLS, only with clients of the same authority, and only with the password.</summary>
    public static Task<RedisProcess> CreateAsync(TestAuthority authority, string password) =>
        StartedAsync(new RedisProcess(authority: authority, password: password));

    /// <summary>A cluster of one node that has all slots.</summary>
    public static async Task<RedisProcess> CreateClusterAsync()
    {
        var redis = await StartedAsync(new RedisProcess(isCluster: true));
        await using var connection = await redis.ConnectAsync();
        var server = connection.GetServers()[0];
        await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, Slots - 1);
        await Eventually.That(async () => $"{await server.ExecuteAsync("CLUSTER", "INFO")}".Contains("cluster_state:ok"), "the cluster is up");
        return redis;
    }

    /// <summary>A cluster of several primaries, each with a like share of the slots.</summary>
    public static async Task<RedisProcess[]> CreateClusterAsync(int primaries)
    {
        var shards = await Task.WhenAll(Enumerable.Range(0, primaries).Select(_ => StartedAsync(new RedisProcess(isCluster: true))));
        for (var i = 0; i < primaries; i++)
        {
            await using var connection = await shards[i].ConnectAsync();
            var server = connection.GetServers()[0];
            await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", FirstSlot(i, primaries), FirstSlot(i + 1, primaries) - 1);
            await server.ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", shards[0].Port, shards[0]._clusterPort);
        }

        foreach (var shard in shards)
        {
            await using var connection = await shard.ConnectAsync();
            var server = connection.GetServer("127.0.0.1", shard.Port);
            await Eventually.That(
                async () => $"{await server.ExecuteAsync("CLUSTER", "INFO")}" is var info && info.Contains("cluster_state:ok") && info.Contains($"cluster_known_nodes:{primaries}"),
                "the cluster is up");
        }

        return shards;
    }

    /// <summary>A node that follows this one, which is a primary of a cluster.</summary>
    public async Task<RedisProcess> CreateReplicaAsync()
    {
        var replica = await StartedAsync(new RedisProcess(isCluster: true));
        await using var toPrimary = await ConnectAsync();
        await using var toReplica = await replica.ConnectAsync();
        var id = $"{await toPrimary.GetServer("127.0.0.1", Port).ExecuteAsync("CLUSTER", "MYID")}";
        var server = toReplica.GetServer("127.0.0.1", replica.Port);
        await server.ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", Port, _clusterPort);
        await Eventually.That(async () => $"{await server.ExecuteAsync("CLUSTER", "NODES")}".Contains(id), "they have met");
        await server.ExecuteAsync("CLUSTER", "REPLICATE", id);
        await Eventually.That(async () => $"{await server.ExecuteAsync("INFO", "replication")}".Contains("master_link_status:up"), "the replica follows");
        return replica;
    }

    /// <summary>Which primary of such a cluster holds a slot.</summary>
    public static int ShardOf(int slot, int primaries) => Enumerable.Range(0, primaries).Last(shard => FirstSlot(shard, primaries) <= slot);

    private static int FirstSlot(int shard, int primaries) => shard * Slots / primaries;

    /// <summary>A connection of the test's own, with which it plays the user service.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync()
    {
        var options = ConfigurationOptions.Parse($"{Configuration},connectTimeout=1000,allowAdmin=true");
        if (authority is not null)
        {
            options.Password = password;
            options.SslClientAuthenticationOptions = _ => authority.ClientOptions();
        }

        return ConnectionMultiplexer.ConnectAsync(options);
    }

    private IEnumerable<string> Listening()
    {
        if (authority is null)
        {
            return ["--port", $"{Port}"];
        }

        var (certificate, key) = authority.IssueFiles("redis");
        return
        [
            "--port", "0", "--tls-port", $"{Port}", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority.File,
            "--requirepass", password,
        ];
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync().WaitAsync(cancellationToken);
        await connection.GetDatabase().PingAsync();
        return true;
    }
}
