using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace Gateway.Chaos.Parts;

/// <summary>A Redis Cluster of three primaries and three replicas, which gateways reach directly.</summary>
internal sealed class RedisCluster : IDisposable
{
    public const int Primaries = 3;

    /// <summary>All there are.</summary>
    private const int Slots = 16384;

    private readonly Dictionary<int, Child> _nodes = [];

    public RedisCluster(string folder)
    {
        for (var i = 0; i < 2 * Primaries; i++)
        {
            var (port, data) = (LoopbackPort.Free(), Directory.CreateDirectory(Path.Combine(folder, $"redis-{i}")).FullName);
            _nodes[port] = new Child(
                data, "redis-server", "--port", $"{port}", "--bind", "127.0.0.1", "--dir", data, "--appendonly", "no", "--save", "",
                "--cluster-enabled", "yes", "--cluster-port", $"{LoopbackPort.Free()}", "--cluster-node-timeout", "3000",
                // Otherwise all shards refuse while one has no primary.
                "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0");
        }
    }

    /// <summary>Where gateways find it.</summary>
    public string Endpoint => string.Join(',', _nodes.Keys.Select(port => $"127.0.0.1:{port}"));

    public async Task StartAsync()
    {
        foreach (var node in _nodes.Values)
        {
            node.Start();
        }

        int[] ports = [.. _nodes.Keys];
        foreach (var port in ports)
        {
            await Eventually.TrueAsync(async () => await AskAsync(port, "PING") is ["PONG"], "a node of the cluster answers");
        }

        for (var i = 0; i < Primaries; i++)
        {
            await AskAsync(ports[i], "CLUSTER", "ADDSLOTSRANGE", $"{i * Slots / Primaries}", $"{((i + 1) * Slots / Primaries) - 1}");
            await AskAsync(ports[i], "CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}");
        }

        var busPort = (await AskAsync(ports[0], "CLUSTER", "NODES")).Single().Split(' ')[1].Split('@')[1].Split(',')[0];
        foreach (var port in ports[1..])
        {
            await AskAsync(port, "CLUSTER", "MEET", "127.0.0.1", $"{ports[0]}", busPort);
        }

        await AllSayAsync($"cluster_known_nodes:{2 * Primaries}");
        for (var i = 0; i < Primaries; i++)
        {
            await AskAsync(ports[Primaries + i], "CLUSTER", "REPLICATE", await IdOfAsync(ports[i]));
        }

        await AllSayAsync("cluster_state:ok");
        foreach (var port in ports[Primaries..])
        {
            await FollowsAsync(port);
        }
    }

    public Task LogInAsync(int users) => RedisStore.LogInAsync(Endpoint, users);

    /// <summary>The ports of the nodes that have slots, in the order of these.</summary>
    public async Task<IReadOnlyList<int>> PrimariesAsync()
    {
        var anybody = _nodes.First(node => node.Value.IsRunning).Key;
        return
        [
            .. (await AskAsync(anybody, "CLUSTER", "NODES")).Select(line => line.Split(' '))
                .Where(fields => fields[2].Contains("master", StringComparison.Ordinal) && !fields[2].Contains("fail", StringComparison.Ordinal) && fields.Length > 8)
                .Select(fields => int.Parse(fields[1].Split('@')[0].Split(':')[1], CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>Which users of the hub a primary has, with their buckets.</summary>
    public static async Task<IReadOnlyDictionary<string, int>> UsersOfAsync(int primary)
    {
        var users = new Dictionary<string, int>();
        foreach (var key in await AskAsync(primary, "KEYS", "gateway:notify:0:{*}:user:*"))
        {
            var (bucket, user) = (key.Split('{', '}')[1], key.Split(":user:")[1]);
            users[user] = int.Parse(bucket, CultureInfo.InvariantCulture);
        }

        return users;
    }

    public void Freeze(int node) => _nodes[node].Pause();

    public void Thaw(int node) => _nodes[node].Resume();

    /// <summary>Kills a primary and waits until its replica has taken its place.</summary>
    public async Task KillAndPromoteAsync(int primary)
    {
        await _nodes[primary].KillAsync();
        await Eventually.TrueAsync(
            async () => await PrimariesAsync() is { Count: Primaries } now && !now.Contains(primary), "the replica has been promoted");
        await AllSayAsync("cluster_state:ok");
    }

    /// <summary>Starts a node that has been killed; it follows who has taken its place.</summary>
    public async Task ReturnAsync(int node)
    {
        _nodes[node].Start();
        await Eventually.TrueAsync(async () => await AskAsync(node, "PING") is ["PONG"], "the node answers");
        await FollowsAsync(node);
    }

    /// <summary>Moves a bucket of the hub to another primary, key by key, as <c>redis-cli --cluster reshard</c> does.</summary>
    public async Task MigrateAsync(int bucket, int from, int to)
    {
        var slot = (await AskAsync(from, "CLUSTER", "KEYSLOT", $"{{{bucket}}}"))[0];
        var (source, target) = (await IdOfAsync(from), await IdOfAsync(to));
        await AskAsync(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source);
        await AskAsync(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", target);
        while (await AskAsync(from, "CLUSTER", "GETKEYSINSLOT", slot, "10") is { Length: > 0 } keys)
        {
            await AskAsync(from, ["MIGRATE", "127.0.0.1", $"{to}", "", "0", "5000", "REPLACE", "KEYS", .. keys]);
        }

        // First whom it goes to, who would otherwise be told that it is still another's.
        foreach (var primary in (await PrimariesAsync()).OrderBy(primary => primary != to))
        {
            await AskAsync(primary, "CLUSTER", "SETSLOT", slot, "NODE", target);
        }
    }

    public void Dispose()
    {
        foreach (var node in _nodes.Values)
        {
            node.Dispose();
        }
    }

    private static async Task<string> IdOfAsync(int port) => (await AskAsync(port, "CLUSTER", "MYID"))[0];

    private static Task FollowsAsync(int replica) => Eventually.TrueAsync(
        async () => (await AskAsync(replica, "INFO", "replication")).Contains("master_link_status:up"), "the replica follows");

    private async Task AllSayAsync(string line)
    {
        foreach (var (port, _) in _nodes.Where(node => node.Value.IsRunning))
        {
            await Eventually.TrueAsync(async () => (await AskAsync(port, "CLUSTER", "INFO")).Contains(line), $"the nodes of the cluster say '{line}'");
        }
    }

    /// <summary>What a node answers, line by line.</summary>
    private static async Task<string[]> AskAsync(int port, params string[] command)
    {
        using var client = Process.Start(new ProcessStartInfo("redis-cli", ["-e", "-p", $"{port}", .. command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (answer, error) = (client.StandardOutput.ReadToEndAsync(), client.StandardError.ReadToEndAsync());
        await client.WaitForExitAsync();
        return client.ExitCode == 0
            ? (await answer).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : throw new RedisException($"{command[0]}: {await answer}{await error}");
    }
}
