namespace Gateway.Chaos.Faults;

/// <summary>A gateway that dies takes nobody along.</summary>
internal sealed class GatewayFaults(FaultBench bench)
{
    public async Task RunAsync()
    {
        var begin = bench.Load.Now;
        await bench.Rig.Gateways[0].Process.KillAsync();
        await Task.Delay(bench.Pace.Between);
        await bench.Rig.Gateways[0].StartAsync();
        var end = bench.Load.Now;
        await bench.AddAsync(
            "kill -9 of one of two gateways", begin, end,
            calls => calls.Count(call => call.IsFailed && (call.Node != 0 || call.Begin > end + FaultBench.Recovery)),
            recovery: FaultBench.Recovery);
    }
}
