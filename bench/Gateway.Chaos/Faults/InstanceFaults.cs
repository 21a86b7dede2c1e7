using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Faults;

/// <summary>What one instance does is made up for by the others, as far as it can be known that nothing is done twice.</summary>
internal sealed class InstanceFaults(FaultBench bench)
{
    // In turn, so that none is still out for what it did before.
    private int _turn;

    /// <summary>How many failures should not have been, of those there were and of the calls that the instance spoilt.</summary>
    private delegate int CountBeyondAllowed(IReadOnlyList<CallRecord> failed, int spoilt);

    public async Task RunAsync()
    {
        await RestartAllAsync();
        await KillAsync();
        await MisbehaveAsync("instance answers after half a second", Misbehaviour.Slow, (failed, _) => failed.Count);
        await MisbehaveAsync("instance hangs", Misbehaviour.Hang, (failed, spoilt) => Math.Max(0, failed.Count - spoilt));
        await MisbehaveAsync("instance resets within its answers", Misbehaviour.Reset, OnlySpoiltWrites);
        await MisbehaveAsync("instance resets each call", Misbehaviour.Storm, OnlySpoiltWrites);
        await MisbehaveAsync("instance half-closes its connections", Misbehaviour.HalfClose, OnlySpoiltWrites);
        await MisbehaveAsync("instance answers garbage", Misbehaviour.Garbage, OnlySpoiltWrites);
    }

    private async Task RestartAllAsync()
    {
        var begin = bench.Load.Now;
        foreach (var instance in bench.Rig.Instances)
        {
            await instance.Process.StopAsync();
            await instance.StartAsync();
            await Task.Delay(bench.Pace.Between);
        }

        await bench.AddUnnoticedAsync("rolling restart of three instances", begin, bench.Load.Now);
    }

    private async Task KillAsync()
    {
        var instance = bench.Rig.Instances[0];
        var begin = bench.Load.Now;
        await instance.Process.KillAsync();
        var dead = bench.Load.Now;
        await Task.Delay(bench.Pace.Instance);
        // Only what it was working on until it was dead, and of that only what may not be repeated.
        await bench.AddAsync("kill -9 of one of three instances", begin, bench.Load.Now, calls =>
            OnlySpoiltWrites([.. calls.Where(call => call.IsFailed)], bench.Load.UnderWay(begin, dead).Count(call => !call.IsRead)));
        await instance.StartAsync();
        await Task.Delay(bench.Pace.Between);
    }

    private async Task MisbehaveAsync(string name, Misbehaviour how, CountBeyondAllowed countBeyondAllowed)
    {
        var instance = bench.Rig.Instances[_turn++ % bench.Rig.Instances.Count];
        var before = await instance.MisbehaveAsync(Misbehaviour.None);
        var begin = bench.Load.Now;
        await Eventually.TrueAsync(async () => await instance.MisbehaveAsync(how) > before, $"{name}: it gets calls");
        await Task.Delay(bench.Pace.Instance);
        var spoilt = await instance.MisbehaveAsync(Misbehaviour.None) - before;
        await bench.AddAsync(name, begin, bench.Load.Now, calls => countBeyondAllowed([.. calls.Where(call => call.IsFailed)], spoilt));
    }

    /// <summary>Reads can be made again in time, so none of them may fail.</summary>
    private static int OnlySpoiltWrites(IReadOnlyList<CallRecord> failed, int spoilt) =>
        failed.Count(call => call.IsRead) + Math.Max(0, failed.Count(call => !call.IsRead) - spoilt);
}
