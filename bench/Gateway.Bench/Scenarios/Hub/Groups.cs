using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>Events for groups whose members are online on three nodes, and what becomes of other users' events meanwhile.</summary>
internal sealed class Groups(Lab lab, HttpClient client, Report report, HubPlan plan)
{
    private const int Others = 300;
    private const int OthersPerSecond = 200;
    private const int BusyGroup = 500;
    private const int BusyPerSecond = 40;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public async Task RunAsync()
    {
        var members = plan.Groups.Max(group => group.Size);
        report.Title("Hub: groups online on three nodes");
        using var rig = await HubRig.StartAsync(lab, client, nodes: 3, HubRig.NoSessionChecks);
        using var audience = await Audience.JoinAsync(rig.Nodes, members + Others, _ => false);
        audience.Listen();
        await rig.HasSeatsAsync(audience);
        var sender = new Sender(client, rig.Nodes[0], audience);
        await sender.AtRateAsync(Settle, OthersPerSecond, turn => (turn % members, 1));
        await sender.AtRateAsync(Settle, 1, _ => (0, members));
        var idle = await rig.IdleAsync(Settle);

        var rows = new List<string[]>();
        foreach (var (size, calls) in plan.Groups)
        {
            rows.Add(await MeasureAsync(rig, audience, sender, idle, size, calls));
        }

        report.Table(["members", "ms in scripts", "Redis CPU ms", "round trips", "KiB out of Redis", "call answered after ms", "last member after ms"], rows);
        report.Note("\nPer call, one after the other; medians, Redis without what idle nodes ask of it.");
        await TraceAsync(rig, sender);
        await DisturbAsync(audience, sender, members);
    }

    private async Task TraceAsync(HubRig rig, Sender sender)
    {
        var rows = new List<string[]>();
        foreach (var (size, _) in plan.Groups)
        {
            var scripts = await ScriptTrace.OfAsync(rig.Redis.Server, () => sender.AtRateAsync(Settle, 1, _ => (0, size)));
            rows.AddRange(scripts.Select(script => new[] { $"{Number(size)} members: {script.Script}", Number(script.Calls / Settle.TotalSeconds, "0.0"), Number(script.Microseconds) }));
        }

        report.Note("");
        report.Table(["script", "runs a second", "median µs"], rows);
    }

    private async Task<string[]> MeasureAsync(HubRig rig, Audience audience, Sender sender, RedisWork idle, int size, int calls)
    {
        var before = await rig.Redis.MeasureAsync();
        var tellings = new List<Telling>();
        for (var call = 0; call < calls; call++)
        {
            tellings.AddRange(await sender.AtRateAsync(TimeSpan.FromSeconds(1), 1, _ => (0, size)));
        }

        var work = (await rig.Redis.MeasureAsync() - before).Without(idle);
        await audience.CheckAsync();
        report.Metric($"hub_group_{size}_redis_ms", work.Scripts / calls / 1000);
        report.Metric($"hub_group_{size}_last_ms", tellings.Select(telling => telling.Last).Median());
        return [
            Number(size), Number(work.Scripts / calls / 1000, "0.00"), Number(work.Cpu / calls / 1000, "0.00"), Number(work.RoundTrips / calls, "0.0"), Number(work.Sent / calls / 1024, "0.0"),
            Number(tellings.Select(telling => telling.Answered).Median(), "0.0"), Number(tellings.Select(telling => telling.Last).Median(), "0.0"),
        ];
    }

    /// <summary>One-to-one events of others: alone, beside a busy group, and beside the largest group.</summary>
    private async Task DisturbAsync(Audience audience, Sender sender, int members)
    {
        var quiet = await OthersAsync(null);
        var busy = await OthersAsync(() => sender.AtRateAsync(plan.Time, BusyPerSecond, turn => (turn * BusyGroup % (members - BusyGroup + 1), BusyGroup)));
        var large = await OthersAsync(() => sender.AtRateAsync(plan.Time, 1, _ => (0, members)));
        report.Note("");
        report.Table(
            [$"others: {OthersPerSecond} events a second", "p50 ms", "p99 ms", "p99 to quiet", "the group's last member, median ms", "and p99"],
            [
                Row("alone", quiet),
                Row($"beside {BusyPerSecond} calls a second to {BusyGroup} of a group", busy),
                Row($"beside 1 call a second to {Number(members)}", large),
            ]);
        report.Metric("hub_beside_busy_group_ratio", busy.P99 / quiet.P99);
        report.Metric("hub_beside_large_group_ratio", large.P99 / quiet.P99);

        string[] Row(string name, (double P50, double P99, IReadOnlyList<Telling> Group) result) => [
            name, Number(result.P50, "0.00"), Number(result.P99, "0.00"), Number(result.P99 / quiet.P99, "0.0x"),
            result.Group.Count == 0 ? "" : Number(result.Group.Select(telling => telling.Last).Median(), "0.0"),
            result.Group.Count == 0 ? "" : Number(result.Group.Select(telling => telling.Last).Percentile(0.99), "0.0"),
        ];

        async Task<(double P50, double P99, IReadOnlyList<Telling> Group)> OthersAsync(Func<Task<IReadOnlyList<Telling>>>? group)
        {
            var beside = group?.Invoke();
            var others = await sender.AtRateAsync(plan.Time, OthersPerSecond, turn => (members + (turn % Others), 1));
            IReadOnlyList<Telling> told = beside is null ? [] : await beside;
            await audience.CheckAsync();
            return (others.Select(telling => telling.Last).Median(), others.Select(telling => telling.Last).Percentile(0.99), told);
        }
    }
}
