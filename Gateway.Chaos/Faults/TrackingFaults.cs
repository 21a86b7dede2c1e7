using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Faults;

/// <summary>A gateway that remembers sessions until Redis tells of their end: one that has ended is out in time, also when Redis cannot tell.</summary>
internal sealed class TrackingFaults(FaultBench bench)
{
    /// <summary>How old the proof may be on which a session is let in: a session that has ended may pass for so long, and all may when Redis is away.</summary>
    private static readonly TimeSpan ProofAge = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    /// <summary>How many sessions end when Redis goes away.</summary>
    private const int EndedAtOnce = 4;

    private GatewayNode Gateway => bench.Rig.TrackingGateway;

    private RedisStore Redis => bench.Rig.Redis;

    public async Task RunAsync()
    {
        await CutAsync();
        await BreakAsync("Redis killed as they end", Redis.CutOff, Redis.KillAsync, Redis.StartAsync);
        await BreakAsync($"Redis answers after {Late.TotalSeconds:0} s as they end", () => Redis.AnswerAfter(Late), () => Task.CompletedTask, () => Do(() => Redis.AnswerAfter(TimeSpan.Zero)));
    }

    /// <summary>Again and again a session ends at the very moment at which its gateway's connection does, so that nobody is told.</summary>
    private async Task CutAsync()
    {
        var (begin, ended) = await BeginAsync();
        for (var user = 0; user < Math.Min(bench.Pace.Redis.TotalSeconds, SteadyLoad.Clients - 1); user++)
        {
            await RemembersAsync(SteadyLoad.Clients - user);
            await ended.EndAsync(user, () => Redis.LogOutUntoldAsync(user));
        }

        await bench.AddAsync(
            "sessions remembered, their connection killed as they end", begin, bench.Load.Now,
            calls => calls.Count(call => call.IsFailed && !ended.IsRightlyRefused(call)),
            calls => calls.Count(ended.IsWronglyServed),
            isRightlyRefused: ended.IsRightlyRefused);
    }

    /// <summary>Sessions end when the gateway does not hear of Redis any more, but before Redis is gone.</summary>
    private async Task BreakAsync(string name, Action deafen, Func<Task> stop, Func<Task> start)
    {
        var (begin, ended) = await BeginAsync();
        deafen();
        var deaf = bench.Load.Now;
        for (var user = 0; user < EndedAtOnce; user++)
        {
            await ended.EndAsync(user, () => Redis.LogOutAsync(user));
        }

        await stop();
        await Task.Delay(bench.Pace.Redis);
        var back = bench.Load.Now;
        await start();
        var end = bench.Load.Now;
        await bench.AddAsync(
            $"sessions remembered, {name}, for {bench.Pace.Redis.TotalSeconds:0} s", begin, end,
            calls => calls.Count(call => call.IsFailed && !ended.IsRightlyRefused(call) && !IsRefusedForTheOutage(call)),
            calls => calls.Count(call => ended.IsWronglyServed(call) || (!call.IsFailed && call.Begin > deaf + ProofAge && call.End < back)),
            FaultBench.Recovery,
            ended.IsRightlyRefused);

        bool IsRefusedForTheOutage(CallRecord call) =>
            call.Code is "session-store-down" && call.Duration <= RedisFaults.LongestRefusal && call.End > begin && call.Begin <= end + FaultBench.Recovery;
    }

    /// <summary>All are logged in, and remembered.</summary>
    private async Task<(TimeSpan Begin, EndedSessions Ended)> BeginAsync()
    {
        await Redis.LogInAsync(SteadyLoad.Clients);
        await RemembersAsync(SteadyLoad.Clients);
        // What was refused before is not of this fault.
        await Task.Delay(bench.Pace.Between);
        return (bench.Load.Now, new EndedSessions(bench.Load, ProofAge));
    }

    private Task RemembersAsync(int sessions) => Eventually.TrueAsync(
        async () => await Gateway.RememberedSessionsAsync() == sessions, $"the gateway at {Gateway.Http} remembers {sessions} sessions");

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
