using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos;

/// <summary>Breaks one part after another under steady load, and says what clients noticed.</summary>
internal sealed class ChaosRun(Rig rig, SteadyLoad load, Pace pace)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    /// <summary>A call may take so long while Redis is away: the look-up's 200 ms, and what a busy machine adds.</summary>
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromMilliseconds(300);

    /// <summary>After this everything works again.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    /// <summary>Longer than any call takes.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2.5);

    private readonly List<FaultReport> _reports = [];

    /// <summary>0 when no client noticed more than it may.</summary>
    public static async Task<int> RunAsync(Pace pace)
    {
        await using var rig = new Rig();
        await rig.StartAsync(SteadyLoad.Clients);
        await using var load = new SteadyLoad([.. rig.Gateways.Select(gateway => gateway.Http)]);
        var run = new ChaosRun(rig, load, pace);
        await run.BreakAllAsync().WaitAsync(Limit);
        var (wrong, beyond) = (run._reports.Sum(report => report.Wrong), run._reports.Sum(report => report.BeyondAllowed));
        Console.WriteLine($"wrong={wrong} failed_beyond_allowed={beyond}");
        return wrong == 0 && beyond == 0 ? 0 : 1;
    }

    private async Task BreakAllAsync()
    {
        Console.WriteLine(FaultReport.Header);
        await Task.Delay(pace.Between);
        await RestartInstancesAsync();
        await KillInstanceAsync();
        await StopEtcdAsync();
        await StopRedisAsync("Redis killed", rig.Redis.KillAsync, rig.Redis.Start);
        await StopRedisAsync("Redis frozen", () => { rig.Redis.Pause(); return Task.CompletedTask; }, rig.Redis.Resume);
        await KillGatewayAsync();
        await MisbehaveAsync("instance hangs", Misbehaviour.Hang, sparesReads: false);
        await MisbehaveAsync("instance resets within its answers", Misbehaviour.Reset, sparesReads: true);
        await MisbehaveAsync("instance answers garbage", Misbehaviour.Garbage, sparesReads: true);
    }

    private async Task RestartInstancesAsync()
    {
        var begin = load.Now;
        foreach (var instance in rig.Instances)
        {
            await instance.Process.StopAsync();
            await instance.StartAsync();
            await Task.Delay(pace.Between);
        }

        var end = load.Now;
        await AddAsync("rolling restart of three instances", begin, end, calls => calls.Count(call => call.IsFailed));
    }

    private async Task KillInstanceAsync()
    {
        var begin = load.Now;
        await rig.Instances[0].Process.KillAsync();
        var dead = load.Now;
        await Task.Delay(pace.Instance);
        var end = load.Now;
        // Only what it was working on until it was dead, and of that only what may not be repeated.
        await AddAsync("kill -9 of one of three instances", begin, end, calls =>
            calls.Count(call => call.IsFailed && call.IsRead) + Math.Max(0, calls.Count(call => call.IsFailed && !call.IsRead) - load.UnderWay(begin, dead).Count(call => !call.IsRead)));
        await rig.Instances[0].StartAsync();
        await Task.Delay(pace.Between);
    }

    private async Task StopEtcdAsync()
    {
        var begin = load.Now;
        await rig.Etcd.KillAsync();
        await Task.Delay(pace.Etcd);
        rig.Etcd.Start();
        await rig.EtcdAnswersAsync();
        var end = load.Now;
        await AddAsync($"etcd killed for {pace.Etcd.TotalSeconds:0} s", begin, end, calls => calls.Count(call => call.IsFailed));
    }

    private async Task StopRedisAsync(string name, Func<Task> stop, Action start)
    {
        var begin = load.Now;
        await stop();
        var gone = load.Now;
        await Task.Delay(pace.Redis);
        var back = load.Now;
        start();
        await rig.RedisAnswersAsync();
        var end = load.Now;
        await Task.Delay(Recovery + Settling);
        var calls = load.Sent(begin, end + Recovery + pace.Between);
        var during = calls.Where(call => call.Begin > gone && call.End < back).ToArray();
        var unreadable = during.Count(call => call.Code is not "session-store-down" || call.Duration > LongestRefusal);
        var late = calls.Count(call => call.Begin > end + Recovery && call.IsFailed);
        _reports.Add(FaultReport.Of($"{name} for {pace.Redis.TotalSeconds:0} s", calls, begin, end, unreadable + late, during.Count(call => !call.IsFailed)));
        Console.WriteLine(_reports[^1]);
    }

    private async Task KillGatewayAsync()
    {
        var begin = load.Now;
        await rig.Gateways[0].Process.KillAsync();
        await Task.Delay(pace.Between);
        await rig.Gateways[0].StartAsync();
        var end = load.Now;
        await AddAsync("kill -9 of one of two gateways", begin, end, calls =>
            calls.Count(call => call.IsFailed && (call.Node != 0 || call.Begin > end + Recovery)));
    }

    /// <param name="name">The fault.</param>
    /// <param name="how">What the instance does.</param>
    /// <param name="sparesReads">Reads can be made again in time, so none of them may fail.</param>
    private async Task MisbehaveAsync(string name, Misbehaviour how, bool sparesReads)
    {
        var begin = load.Now;
        var before = await rig.Instances[1].MisbehaveAsync(how);
        await Task.Delay(pace.Instance);
        var spoilt = await rig.Instances[1].MisbehaveAsync(Misbehaviour.None) - before;
        var end = load.Now;
        await AddAsync(name, begin, end, calls =>
        {
            var failed = calls.Where(call => call.IsFailed).ToArray();
            return sparesReads
                ? failed.Count(call => call.IsRead) + Math.Max(0, failed.Count(call => !call.IsRead) - spoilt)
                : Math.Max(0, failed.Length - spoilt);
        });
    }

    private async Task AddAsync(string name, TimeSpan begin, TimeSpan end, Func<IReadOnlyList<CallRecord>, int> countBeyondAllowed)
    {
        await Task.Delay(pace.Between + Settling);
        // What was under way when it began belongs to it as well.
        var calls = load.Sent(begin - TimeSpan.FromMilliseconds(100), end + pace.Between);
        _reports.Add(FaultReport.Of(name, calls, begin, end, countBeyondAllowed(calls)));
        Console.WriteLine(_reports[^1]);
    }
}
