using Gateway.Chaos.Faults;
using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos;

/// <summary>Breaks one part after another under steady load, and says what clients noticed.</summary>
internal static class ChaosRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>0 when no client noticed more than it may.</summary>
    public static async Task<int> RunAsync(Pace pace)
    {
        await using var rig = new Rig();
        await rig.StartAsync(SteadyLoad.Clients);
        await using var load = new SteadyLoad([.. rig.Gateways.Select(gateway => gateway.Http)]);
        var bench = new FaultBench(rig, load, pace);
        await BreakAllAsync(bench).WaitAsync(Limit);
        var (wrong, beyond) = (bench.Reports.Sum(report => report.Wrong), bench.Reports.Sum(report => report.BeyondAllowed));
        Console.WriteLine($"wrong={wrong} failed_beyond_allowed={beyond}");
        return wrong == 0 && beyond == 0 ? 0 : 1;
    }

    private static async Task BreakAllAsync(FaultBench bench)
    {
        Console.WriteLine(FaultReport.Header);
        await Task.Delay(bench.Pace.Between);
        await new InstanceFaults(bench).RunAsync();
        await new EtcdFaults(bench).RunAsync();
        await new RedisFaults(bench).RunAsync();
        await new GatewayFaults(bench).RunAsync();
    }
}
