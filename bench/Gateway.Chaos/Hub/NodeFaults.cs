using System.Diagnostics;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>Gateways that die, alone or two at once, stand still, or are stopped: sockets of the others notice nothing.</summary>
internal sealed class NodeFaults(HubBench bench, HubRig rig, RedisStore redis)
{
    /// <summary>Longer than the others wait for it.</summary>
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(9);

    /// <summary>So long a dead gateway's sockets may seem to be there.</summary>
    private static readonly TimeSpan GhostLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public Task KillOneAsync() => KillAsync($"kill -9 of one of {rig.Nodes.Count} gateways", 1);

    public async Task RunAsync()
    {
        await KillOneAsync();
        await KillAsync($"kill -9 of two of {rig.Nodes.Count} gateways at once", 0, 2);
        await BreakAsync($"a gateway frozen for {Frozen.TotalSeconds:0} s, and thawed", async load =>
        {
            rig.Nodes[1].Process.Pause();
            await Task.Delay(Frozen);
            rig.Nodes[1].Process.Resume();
            return await GhostsGoAsync(load);
        }, 1);
        await BreakAsync("a gateway stopped as an orchestrator does", async load =>
        {
            await rig.Nodes[2].Process.StopAsync();
            var sight = await GhostsGoAsync(load);
            await rig.Nodes[2].StartAsync();
            return sight;
        }, 2);
    }

    private Task KillAsync(string name, params int[] nodes) => BreakAsync(name, async load =>
    {
        await Task.WhenAll(nodes.Select(node => rig.Nodes[node].Process.KillAsync()));
        var sight = await GhostsGoAsync(load);
        await Task.WhenAll(nodes.Select(node => rig.Nodes[node].StartAsync()));
        return sight;
    }, nodes);

    private Task BreakAsync(string name, Func<HubLoad, Task<HubSight>> breakAsync, params int[] nodes) => bench.BreakAsync(
        name, rig, _ => Task.FromResult(HubConcern.SocketsOf([.. nodes.Select(node => rig.Nodes[node])])), breakAsync);

    /// <summary>Waits until each client has come back, and no socket but these has a seat.</summary>
    private async Task<HubSight> GhostsGoAsync(HubLoad load)
    {
        var begin = Stopwatch.GetTimestamp();
        await Eventually.TrueAsync(async () => await rig.SocketsAsync() == load.Sockets && await redis.SeatsAsync() == load.Sockets, "every socket has one seat", pause: Look);
        var after = Stopwatch.GetElapsedTime(begin);
        var text = $"no ghost after {after.TotalSeconds:0.0} s";
        return after < GhostLimit ? new HubSight(text) : new HubSight(text, $"ghosts were there for {after.TotalSeconds:0.0} s");
    }
}
