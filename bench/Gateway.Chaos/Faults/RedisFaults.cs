using Gateway.Chaos.Load;

namespace Gateway.Chaos.Faults;

/// <summary>Without Redis nobody is let in, and nobody waits.</summary>
internal sealed class RedisFaults(FaultBench bench)
{
    /// <summary>A call may take so long while Redis is away: the look-up's 200 ms, and what a busy machine adds.</summary>
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    public async Task RunAsync()
    {
        var redis = bench.Rig.Redis;
        await BreakAsync("Redis killed", redis.KillAsync, redis.StartAsync);
        await BreakAsync("Redis frozen", () => Do(redis.Freeze), redis.ThawAsync);
        await BreakAsync($"Redis answers after {Late.TotalSeconds:0} s", () => Do(() => redis.AnswerAfter(Late)), () => Do(() => redis.AnswerAfter(TimeSpan.Zero)));
    }

    private async Task BreakAsync(string name, Func<Task> stop, Func<Task> start)
    {
        var begin = bench.Load.Now;
        await stop();
        var gone = bench.Load.Now;
        await Task.Delay(bench.Pace.Redis);
        var back = bench.Load.Now;
        await start();
        var end = bench.Load.Now;
        await bench.AddAsync(
            $"{name}, for {bench.Pace.Redis.TotalSeconds:0} s", begin, end,
            calls => During(calls).Count(call => call.Code is not "session-store-down" || call.Duration > LongestRefusal)
                + calls.Count(call => call.Begin > end + FaultBench.Recovery && call.IsFailed),
            calls => During(calls).Count(call => !call.IsFailed),
            FaultBench.Recovery);

        IEnumerable<CallRecord> During(IReadOnlyList<CallRecord> calls) => calls.Where(call => call.Begin > gone && call.End < back);
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
