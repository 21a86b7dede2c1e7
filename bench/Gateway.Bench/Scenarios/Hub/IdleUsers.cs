using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>What users cost Redis who are online and nothing else.</summary>
internal sealed class IdleUsers(Lab lab, HttpClient client, Report report, HubPlan plan)
{
    private const int AtOnce = 3;

    public async Task RunAsync()
    {
        report.Title($"Hub: {Number(plan.Users)} users who are online on three nodes");
        using var rig = await HubRig.StartAsync(lab, client, nodes: 3);
        var rows = new List<string[]>();
        // What every node needs that has told anybody anything is not counted.
        using (var first = await Audience.JoinAsync(rig.Nodes, plan.Users / 10, person => person % 2 == 0))
        {
            first.Listen();
            await rig.HasSeatsAsync(first);
            await new Sender(client, rig.Nodes[0], first).AtRateAsync(TimeSpan.FromSeconds(1), AtOnce, _ => (0, plan.Users / 10));
        }

        await rig.HasSeatsAsync(null);
        await Task.Delay(plan.IdleTime);
        var nodes = await rig.IdleAsync(plan.IdleTime);
        rows.Add(Row("three nodes alone", nodes, null));
        var before = (await rig.Redis.MeasureAsync()).Memory;
        double PerUser(RedisWork work) => (work.Memory - before) / plan.Users;

        using (var plain = await Audience.JoinAsync(rig.Nodes, plan.Users, _ => false))
        {
            plain.Listen();
            await rig.HasSeatsAsync(plain);
            var idle = await rig.IdleAsync(plan.IdleTime);
            var bytes = PerUser(await rig.Redis.MeasureAsync());
            rows.Add(Row("plain", idle, bytes));
            report.Metric("hub_idle_commands", idle.RoundTrips / idle.At);
            report.Metric("hub_plain_bytes", bytes);
        }

        await rig.HasSeatsAsync(null);
        await Task.Delay(plan.IdleTime);
        before = (await rig.Redis.MeasureAsync()).Memory;
        using var extended = await Audience.JoinAsync(rig.Nodes, plan.Users, _ => true);
        extended.Listen();
        await rig.HasSeatsAsync(extended);
        var waiting = await rig.IdleAsync(plan.IdleTime);
        var seated = PerUser(await rig.Redis.MeasureAsync());
        rows.Add(Row("extended", waiting, seated));
        report.Metric("hub_extended_bytes", seated);

        await new Sender(client, rig.Nodes[0], extended).EachAsync(plan.Users);
        await extended.CheckAsync();
        waiting = await rig.IdleAsync(plan.IdleTime / 3);
        var told = PerUser(await rig.Redis.MeasureAsync());
        rows.Add(Row("extended, after an event each", waiting, told));
        report.Metric("hub_extended_told_bytes", told);
        report.Table(["", "commands a second", "of them scripts", "Redis CPU ms a second", "bytes in Redis per user"], rows);
    }

    private static string[] Row(string name, RedisWork work, double? bytes) => [
        name, Number(work.RoundTrips / work.At, "0.0"), Number(work.ScriptCalls / work.At, "0.0"), Number(work.Cpu / work.At / 1000, "0.0"), bytes is { } each ? Number(each) : "",
    ];
}
