using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>A cluster of three primaries with a replica each: what befalls one shard concerns its users alone.</summary>
internal sealed class ShardFaults(HubBench bench, HubRig rig, RedisCluster cluster)
{
    /// <summary>How many parts of the hub move to another shard.</summary>
    private const int Moved = 3;

    /// <summary>Less than the cluster waits before it gives a primary up.</summary>
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(2);

    public async Task KillPrimaryAsync()
    {
        var primary = (await cluster.PrimariesAsync())[0];
        await BreakAsync("a primary killed, and its replica promoted", primary, _ => true, async _ =>
        {
            await cluster.KillAndPromoteAsync(primary);
            await cluster.ReturnAsync(primary);
            return "";
        });
    }

    public async Task RunAsync()
    {
        await KillPrimaryAsync();
        var primaries = await cluster.PrimariesAsync();
        int[] buckets = [];
        await BreakAsync("slots of the hub moved to another primary", primaries[0], bucket => buckets.Contains(bucket), async _ =>
        {
            foreach (var bucket in buckets)
            {
                await cluster.MigrateAsync(bucket, primaries[0], primaries[1]);
            }

            return $"{buckets.Length} buckets moved";
        }, users => buckets = [.. users.Values.Distinct().Take(Moved)]);
        await BreakAsync($"a shard frozen, for {Frozen.TotalSeconds:0} s", primaries[2], _ => true, async _ =>
        {
            cluster.Freeze(primaries[2]);
            await Task.Delay(Frozen);
            cluster.Thaw(primaries[2]);
            return "";
        });
    }

    private Task BreakAsync(
        string name, int primary, Predicate<int> isBroken, Func<HubLoad, Task<string>> breakAsync, Action<IReadOnlyDictionary<string, int>>? aim = null)
    {
        var note = "";
        return bench.BreakAsync(
            name,
            rig,
            async load =>
            {
                var users = await RedisCluster.UsersOfAsync(primary);
                aim?.Invoke(users);
                var broken = users.Where(user => isBroken(user.Value)).Select(user => user.Key).ToList();
                note = $"{broken.Count} of {load.Ledgers.Sum(ledger => ledger.Users.Count)} users concerned";
                return HubConcern.UsersOf(broken);
            },
            async load => new HubSight($"{note} {await breakAsync(load)}".TrimEnd()));
    }
}
