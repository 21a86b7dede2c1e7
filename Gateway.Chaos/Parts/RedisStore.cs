using System.Globalization;
using StackExchange.Redis;

namespace Gateway.Chaos.Parts;

/// <summary>A Redis. Gateways reach it through a relay, the run itself directly.</summary>
internal sealed class RedisStore : IDisposable
{
    private readonly string _address;
    private readonly Child _process;
    private readonly Relay _relay;

    public RedisStore(string folder)
    {
        var port = LoopbackPort.Free();
        _address = $"127.0.0.1:{port}";
        _relay = new Relay(port);
        _process = new Child(
            folder, "redis-server", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", folder,
            "--appendonly", "yes", "--appendfsync", "always", "--save", "");
    }

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
    public async Task LogInAsync(int users)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_address);
        for (var i = 0; i < users; i++)
        {
            await redis.GetDatabase().StringSetAsync($"s{i}", $"u{i}");
        }
    }

    public async Task LogOutAsync(int user)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_address);
        await redis.GetDatabase().KeyDeleteAsync($"s{user}");
    }

    /// <summary>Ends a session in one step with the connections on which gateways would have been told of it.</summary>
    public async Task LogOutUntoldAsync(int user)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{_address},allowAdmin=true");
        var told = (await redis.GetServers()[0].ClientListAsync()).Where(client => client.Name == "gateway-sessions").ToList();
        var step = redis.GetDatabase().CreateTransaction();
        Task[] all = [.. told.Select(client => step.ExecuteAsync("CLIENT", "KILL", "ID", client.Id)), step.KeyDeleteAsync($"s{user}")];
        await step.ExecuteAsync();
        await Task.WhenAll(all);
    }

    public void Dispose()
    {
        _relay.Dispose();
        _process.Dispose();
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
