using StackExchange.Redis;

namespace Gateway.Tests.Support;

/// <summary>A real Redis.</summary>
internal sealed class RedisProcess(bool isCluster = false) : ServerProcess("redis-server", "redis-server")
{
    // All there are.
    private const int Slots = 16384;

    private readonly int _clusterPort = LoopbackPort.Free();

    public int Port { get; } = LoopbackPort.Free();

    public string Configuration => $"127.0.0.1:{Port}";

    protected override IEnumerable<string> Arguments =>
    [
        "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        "--cluster-enabled", isCluster ? "yes" : "no", "--cluster-port", $"{_clusterPort}", "--cluster-announce-ip", "127.0.0.1",
    ];

    public static Task<RedisProcess> CreateAsync() => StartedAsync(new RedisProcess());

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

    /// <summary>A connection of the test's own, with which it plays the user service.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync() => ConnectionMultiplexer.ConnectAsync($"{Configuration},connectTimeout=1000,allowAdmin=true");

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync().WaitAsync(cancellationToken);
        await connection.GetDatabase().PingAsync();
        return true;
    }
}
