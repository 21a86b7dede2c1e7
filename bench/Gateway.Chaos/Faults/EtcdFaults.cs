namespace Gateway.Chaos.Faults;

/// <summary>What happens to etcd costs no call: the instances known last stay in use.</summary>
internal sealed class EtcdFaults(FaultBench bench)
{
    // The instance that comes and goes.
    private const int Last = 2;

    public async Task RunAsync()
    {
        await KillAsync();
        await CompactAsync();
        await WipeAsync();
        await RestoreAsync();
    }

    private async Task KillAsync()
    {
        var begin = bench.Load.Now;
        await bench.Rig.Etcd.KillAsync();
        await Task.Delay(bench.Pace.Etcd);
        await bench.Rig.Etcd.StartAsync();
        await bench.AddUnnoticedAsync($"etcd killed for {bench.Pace.Etcd.TotalSeconds:0} s", begin, bench.Load.Now);
    }

    /// <summary>What the gateways would go on from is forgotten while they are cut off, and meanwhile an instance has gone.</summary>
    private async Task CompactAsync()
    {
        var begin = bench.Load.Now;
        bench.Rig.Etcd.CutOff();
        await bench.Rig.UnregisterAsync(Last);
        await bench.Rig.Etcd.CompactAsync();
        await bench.Rig.Etcd.KillAsync();
        await bench.Rig.Etcd.StartAsync();
        await bench.Rig.GatewaysKnowAsync(Last);
        await bench.Rig.RegisterAsync(Last);
        await bench.Rig.GatewaysKnowAsync(Last + 1);
        await bench.AddUnnoticedAsync("etcd cut off, compacted and restarted", begin, bench.Load.Now);
    }

    private async Task WipeAsync()
    {
        var begin = bench.Load.Now;
        await bench.Rig.Etcd.KillAsync();
        bench.Rig.Etcd.Wipe();
        await bench.Rig.Etcd.StartAsync();
        await Task.Delay(bench.Pace.Between);
        await bench.Rig.RegisterAllAsync();
        await bench.AddUnnoticedAsync("etcd restarted without its data", begin, bench.Load.Now);
    }

    /// <summary>The backup is from before an instance came, and its revision is behind.</summary>
    private async Task RestoreAsync()
    {
        await bench.Rig.UnregisterAsync(Last);
        await bench.Rig.Etcd.BackUpAsync();
        await bench.Rig.RegisterAsync(Last);
        await bench.Rig.GatewaysKnowAsync(Last + 1);
        var begin = bench.Load.Now;
        await bench.Rig.Etcd.KillAsync();
        bench.Rig.Etcd.Restore();
        await bench.Rig.Etcd.StartAsync();
        await Task.Delay(bench.Pace.Between);
        await bench.Rig.RegisterAsync(Last);
        await bench.AddUnnoticedAsync("etcd restored from a backup", begin, bench.Load.Now);
    }
}
