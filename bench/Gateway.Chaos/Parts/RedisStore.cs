using System.Globalization;
using StackExchange.Redis;

namespace Gateway.Chaos.Parts;

/// <summary>A Redis. Gateways reach it through a relay, the run itself directly.</summary>
internal sealed class RedisStore : IDisposable
{
    private readonly string _address;
    private readonly string _snapshot;
    private readonly Child _process;
    private readonly Relay _relay;

    /// <param name="folder">Where it keeps its data.</param>
    /// <param name="keepsLog">Whether it writes down every change, or nothing but the snapshots it is asked for.</param>
    public RedisStore(string folder, bool keepsLog = true)
    {
        _snapshot = Path.Combine(folder, "dump.rdb");
        var port = LoopbackPort.Free();
        _address = $"127.0.0.1:{port}";
        _relay = new Relay(port);
        _process = new Child(
            folder, "redis-server", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", folder,
            "--appendonly", keepsLog ? "yes" : "no", "--appendfsync", "always", "--save", "");
    }

    /// <summary>Where it is itself: for gateways whose connections it is enough to kill, and who must not wait for this process.</summary>
    public string Address => _address;

    /// <summary>Where gateways find it.</summary>
    public string Endpoint => $"127.0.0.1:{_relay.Port}";

    public Task StartAsync()
    {
        _process.Start();
        _relay.Listen();
        return AnswersAsync();
    }

    public Task KillAsync()
    {
        CutOff();
        return _process.KillAsync();
    }

    /// <summary>Writes its snapshot.</summary>
    public Task SaveAsync() => AskAsync("SAVE");

    /// <summary>Takes its snapshot away. Only while it is dead.</summary>
    public void Wipe() => File.Delete(_snapshot);

    public Task FlushAsync() => AskAsync("FLUSHALL");

    /// <summary>Gateways cannot reach it until it is started anew; the run can.</summary>
    public void CutOff() => _relay.Refuse();

    public void Freeze() => _process.Pause();

    public Task ThawAsync()
    {
        _process.Resume();
        return AnswersAsync();
    }

    /// <summary>Gateways get each answer so late.</summary>
    public void AnswerAfter(TimeSpan delay) => _relay.Delay = delay;

    /// <param name="users">How many users to log in: session <c>s0</c> is user <c>u0</c>, and so on.</param>
    public Task LogInAsync(int users) => LogInAsync(_address, users);

    /// <param name="address">Of a Redis or a cluster.</param>
    /// <param name="users">How many users to log in.</param>
    public static async Task LogInAsync(string address, int users)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(address);
        await Task.WhenAll(Enumerable.Range(0, users).Select(i => redis.GetDatabase().StringSetAsync($"s{i}", $"u{i}")));
    }

    /// <summary>How many sockets the hub has a seat for, of gateways that live or have died.</summary>
    public Task<long> SeatsAsync() => SumAsync(["node:*", "gone:*"], (redis, key) => redis.HashLengthAsync(key));

    /// <summary>How many users have left and are not seen to yet.</summary>
    public Task<long> DeparturesAsync() => SumAsync(["departures"], (redis, key) => redis.SortedSetLengthAsync(key));

    /// <summary>How many users the hub would remember for ever.</summary>
    public Task<long> LastingUsersAsync() => SumAsync(["user:*"], async (redis, key) => await redis.KeyTimeToLiveAsync(key) is null ? 1 : 0);

    private async Task<long> SumAsync(string[] kinds, Func<IDatabase, RedisKey, Task<long>> count)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_address);
        var keys = kinds.SelectMany(kind => redis.GetServers()[0].Keys(pattern: $"gateway:notify:0:{{*}}:{kind}", pageSize: 1000));
        return (await Task.WhenAll(keys.Select(key => count(redis.GetDatabase(), key)))).Sum();
    }

    public void Dispose()
    {
        _relay.Dispose();
        _process.Dispose();
    }

    private async Task AskAsync(string command)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{_address},allowAdmin=true");
        await redis.GetDatabase().ExecuteAsync(command);
    }

    private Task AnswersAsync() => Eventually.TrueAsync(
        async () =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{_address},connectTimeout=500");
            await redis.GetDatabase().PingAsync();
            return true;
        },
        "Redis answers");
}
