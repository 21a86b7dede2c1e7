using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>What is broken of what the hub needs.</summary>
internal enum HubPart
{
    Redis,
    Late,
    Nodes,
    Shards,
    Joins,
    Storm,

    /// <summary>The most telling faults of the others, but for those of a cluster.</summary>
    Short,

    /// <summary>The most telling fault of a cluster.</summary>
    Shard,
}

/// <summary>Breaks Redis, gateways and shards under sockets of both kinds, and says what they noticed.</summary>
internal static class HubRun
{
    /// <summary>0 when nobody who keeps count missed anything untold, and nobody else more than he may.</summary>
    /// <param name="pace">How long things stay broken.</param>
    /// <param name="parts">What is broken.</param>
    public static async Task<int> RunAsync(Pace pace, params IReadOnlyList<HubPart> parts)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-chaos-hub-").FullName;
        try
        {
            var bench = new HubBench(pace);
            Console.WriteLine(HubReport.Header);
            foreach (var part in parts)
            {
                await BreakAsync(bench, part, Directory.CreateDirectory(Path.Combine(folder, $"{part}")).FullName);
            }

            var all = new Findings();
            foreach (var report in bench.Reports)
            {
                all.Add(report.Findings);
            }

            Console.WriteLine($"lost={all.Lost.Count} doubled={all.Doubled.Count} disordered={all.Disordered.Count} not_told={all.NotTold} left_behind={all.LeftBehind.Count}");
            return all.All.Count == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task BreakAsync(HubBench bench, HubPart part, string folder)
    {
        if (part is HubPart.Shards or HubPart.Shard)
        {
            using var cluster = new RedisCluster(folder);
            await cluster.StartAsync();
            using var rig = await StartAsync(folder, cluster.Endpoint, nodes: 2, cluster.LogInAsync);
            var faults = new ShardFaults(bench, rig, cluster);
            await (part is HubPart.Shards ? faults.RunAsync() : faults.KillPrimaryAsync());
        }
        else
        {
            using var redis = new RedisStore(folder, keepsLog: false);
            await redis.StartAsync();
            using var rig = await StartAsync(folder, part is HubPart.Late ? redis.Endpoint : redis.Address, nodes: part is HubPart.Nodes ? 4 : 2, redis.LogInAsync);
            await BreakAsync(bench, part, rig, redis);
        }
    }

    private static async Task BreakAsync(HubBench bench, HubPart part, HubRig rig, RedisStore redis)
    {
        switch (part)
        {
            case HubPart.Short:
                await new SingleRedisFaults(bench, rig, redis).RunAsync(isShort: true);
                await new SocketFaults(bench, rig, redis).DropAsync(1000);
                await new NodeFaults(bench, rig, redis).KillOneAsync();
                break;
            case HubPart.Redis:
                await new SingleRedisFaults(bench, rig, redis).RunAsync(isShort: false);
                break;
            case HubPart.Late:
                await new SingleRedisFaults(bench, rig, redis).AnswerLateAsync();
                break;
            case HubPart.Nodes:
                await new NodeFaults(bench, rig, redis).RunAsync();
                break;
            case HubPart.Joins:
                await new SocketFaults(bench, rig, redis).DropAsync(10_000);
                break;
            case HubPart.Storm:
                await new SocketFaults(bench, rig, redis).StormAsync();
                break;
        }
    }

    private static async Task<HubRig> StartAsync(string folder, string redis, int nodes, Func<int, Task> logInAsync)
    {
        var rig = new HubRig(folder, redis, nodes, logInAsync);
        await rig.StartAsync();
        await HubBench.WarmUpAsync(rig);
        return rig;
    }
}
