using Gateway.Chaos.Faults;
using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos;

/// <summary>Which faults a run makes.</summary>
internal enum ChaosScope
{
    All,

    /// <summary>Only what strangers send.</summary>
    Strangers,
}

/// <summary>Breaks one part after another under steady load, and says what clients noticed.</summary>
internal sealed class ChaosRun(Rig rig, Pace pace)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly List<FaultReport> _reports = [];

    /// <summary>0 when no client noticed more than it may.</summary>
    /// <param name="pace">How long things stay broken.</param>
    /// <param name="scope">What is broken.</param>
    public static async Task<int> RunAsync(Pace pace, ChaosScope scope)
    {
        await using var rig = new Rig();
        await rig.StartAsync(SteadyLoad.Clients);
        return await new ChaosRun(rig, pace).RunAsync(scope).WaitAsync(Limit);
    }

    private async Task<int> RunAsync(ChaosScope scope)
    {
        Console.WriteLine(FaultReport.Header);
        if (scope is ChaosScope.Strangers)
        {
            await BreakAsync(rig.Gateways, bench => new StrangerFaults(bench).RunAsync());
        }

        if (scope is ChaosScope.All)
        {
            await BreakAsync(rig.Gateways, BreakPartsAsync);
        }

        var (wrong, beyond) = (_reports.Sum(report => report.Wrong), _reports.Sum(report => report.BeyondAllowed));
        Console.WriteLine($"wrong={wrong} failed_beyond_allowed={beyond}");
        return wrong == 0 && beyond == 0 ? 0 : 1;
    }

    /// <summary>Puts load on some gateways while things are broken.</summary>
    private async Task BreakAsync(IEnumerable<GatewayNode> gateways, Func<FaultBench, Task> breakAsync)
    {
        await using var load = new SteadyLoad([.. gateways.Select(gateway => gateway.Http)]);
        await Task.Delay(pace.Between);
        var bench = new FaultBench(rig, load, pace);
        await breakAsync(bench);
        _reports.AddRange(bench.Reports);
    }

    private static async Task BreakPartsAsync(FaultBench bench)
    {
        await new InstanceFaults(bench).RunAsync();
        await new EtcdFaults(bench).RunAsync();
        await new RedisFaults(bench).RunAsync();
        await new StrangerFaults(bench).RunAsync();
        await new GatewayFaults(bench).RunAsync();
    }
}
