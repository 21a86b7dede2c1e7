using System.Diagnostics;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>One Redis, two gateways: Redis dies, forgets, stands still or is slow.</summary>
internal sealed class SingleRedisFaults(HubBench bench, HubRig rig, RedisStore redis)
{
    private const int Storm = 5000;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    public async Task RunAsync(bool isShort)
    {
        await bench.BreakAsync("Redis killed, and restarted empty", rig, load => RestartEmptyAsync(load, bench.Pace.Redis));
        await bench.BreakAsync("Redis killed, and restored from an older snapshot", rig, async load =>
        {
            await redis.SaveAsync();
            await Task.Delay(bench.Pace.Between);
            await redis.KillAsync();
            await redis.StartAsync();
        });
        await bench.BreakAsync($"Redis frozen, for {bench.Pace.Redis.TotalSeconds:0} s", rig, async _ =>
        {
            redis.Freeze();
            await Task.Delay(bench.Pace.Redis);
            await redis.ThawAsync();
        });
        if (isShort)
        {
            return;
        }

        await bench.BreakAsync("FLUSHALL", rig, async load =>
        {
            await redis.FlushAsync();
            await load.LogInAsync();
        });
        await bench.BreakAsync($"Redis restarted under {Storm} events a second", rig, _ => Task.FromResult(HubConcern.Everybody), async load =>
        {
            load.ChangePace(Storm);
            await Task.Delay(bench.Pace.Between);
            var (before, begin) = (load.Published, Stopwatch.GetTimestamp());
            await Task.Delay(bench.Pace.Between);
            var reached = (load.Published - before) / Stopwatch.GetElapsedTime(begin).TotalSeconds;
            await RestartEmptyAsync(load, TimeSpan.FromSeconds(1));
            await Task.Delay(bench.Pace.Between);
            return new HubSight($"{reached:0} a second when it was killed");
        });
    }

    /// <summary>Takes a rig that reaches Redis through the relay.</summary>
    public async Task AnswerLateAsync()
    {
        await bench.BreakAsync($"Redis answers after {Late.TotalSeconds:0} s, for {bench.Pace.Redis.TotalSeconds:0} s", rig, async _ =>
        {
            redis.AnswerAfter(Late);
            await Task.Delay(bench.Pace.Redis);
            redis.AnswerAfter(TimeSpan.Zero);
        });
    }

    private async Task RestartEmptyAsync(HubLoad load, TimeSpan away)
    {
        await redis.KillAsync();
        redis.Wipe();
        await Task.Delay(away);
        await redis.StartAsync();
        await load.LogInAsync();
    }
}
