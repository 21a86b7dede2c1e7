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
