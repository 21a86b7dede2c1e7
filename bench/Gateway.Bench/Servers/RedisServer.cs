using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Chaos.Parts;
using StackExchange.Redis;

namespace Gateway.Bench.Servers;

/// <summary>A Redis in which everybody is logged in. It can be restarted without all that has been added since.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly Lab _lab;
    private readonly int _port = LoopbackPort.Free();
    private readonly string _folder;
    private MeasuredProcess _process;
    private ConnectionMultiplexer? _connection;

    private RedisServer(Lab lab)
    {
        _lab = lab;
        _folder = Directory.CreateDirectory(Path.Combine(lab.Folder, $"redis-{_port}")).FullName;
        _process = Run();
    }

    public string Address => $"127.0.0.1:{_port}";

    public IDatabase Database => _connection!.GetDatabase();

    public IServer Server => _connection!.GetServer(Address);

    public static async Task<RedisServer> StartAsync(Lab lab)
    {
        var redis = new RedisServer(lab);
        redis._connection = await redis.ConnectAsync();
        await redis.LogInAsync(0, People.Count);

        // What it begins with after a restart.
        await redis.Server.ExecuteAsync("SAVE");
        return redis;
    }

    /// <summary>So many people, from the given one on.</summary>
    public async Task LogInAsync(int first, int count)
    {
        foreach (var people in Enumerable.Range(first, count).Chunk(1000))
        {
            await Database.StringSetAsync([.. people.Select(person => new KeyValuePair<RedisKey, RedisValue>($"session:{People.Session(person)}", People.User(person)))]);
        }
    }

    /// <summary>Kills it, and starts it with nothing but the sessions.</summary>
    /// <returns>When it answered again.</returns>
    public async Task<long> RestartAsync(TimeSpan pause)
    {
        _lab.Stop(_process);
        await Task.Delay(pause);
        _process = Run();
        while (!await AnswersAsync())
        {
            await Task.Delay(2);
        }

        var answered = Stopwatch.GetTimestamp();
        // The connection there was takes its time to come back.
        _connection?.Dispose();
        _connection = await ConnectAsync();
        return answered;
    }

    /// <summary>What it has done until now.</summary>
    public async Task<RedisWork> MeasureAsync()
    {
        var text = (string)(await Server.ExecuteAsync("INFO", "all"))!;
        var figures = text.Split("\r\n").Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        double Figure(string name) => double.Parse(figures[name], CultureInfo.InvariantCulture);
        return new RedisWork(
            Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency,
            (Figure("used_cpu_sys") + Figure("used_cpu_user")) * 1e6,
            Figure("total_net_output_bytes"),
            Figure("used_memory"),
            figures.Where(pair => pair.Key.StartsWith(RedisWork.CommandPrefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[RedisWork.CommandPrefix.Length..], pair => RedisWork.Parse(pair.Value)));
    }

    /// <summary>All keys of a kind.</summary>
    public async Task<RedisKey[]> FindKeysAsync(string pattern) => await Server.KeysAsync(pattern: pattern, pageSize: 1000).ToArrayAsync();

    public void Dispose()
    {
        _connection?.Dispose();
        _lab.Stop(_process);
    }

    private Task<ConnectionMultiplexer> ConnectAsync() =>
        ConnectionMultiplexer.ConnectAsync($"{Address},abortConnect=false,connectRetry=20,allowAdmin=true,asyncTimeout=10000");

    /// <summary>Not while it loads its file.</summary>
    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, _port);
            await socket.GetStream().WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[7];
            await socket.GetStream().ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG\r\n"u8);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private MeasuredProcess Run() =>
        _lab.Run("redis", "redis-server", "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder, "--save", "");
}
