using StackExchange.Redis;

namespace Gateway.Tests.Support;

/// <summary>A real Redis.</summary>
internal sealed class RedisProcess() : ServerProcess("redis-server", "redis-server")
{
    public int Port { get; } = LoopbackPort.Free();

    public string Configuration => $"127.0.0.1:{Port}";

    protected override IEnumerable<string> Arguments =>
    [
        "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
    ];

    public static Task<RedisProcess> CreateAsync() => StartedAsync(new RedisProcess());

    /// <summary>A connection of the test's own, with which it plays the user service.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync() => ConnectionMultiplexer.ConnectAsync($"{Configuration},connectTimeout=1000,allowAdmin=true");

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync().WaitAsync(cancellationToken);
        await connection.GetDatabase().PingAsync();
        return true;
    }
}
