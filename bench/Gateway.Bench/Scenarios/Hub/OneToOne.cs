using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>Events for one user each, published by one node and told by another.</summary>
internal sealed class OneToOne(Lab lab, HttpClient client, Report report, HubPlan plan)
{
    private const int Users = 1000;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    private readonly List<string[]> _rows = [];
    private readonly List<string[]> _scripts = [];

    public async Task RunAsync()
    {
        report.Title("Hub: an event for one user on another node");
        using var rig = await HubRig.StartAsync(lab, client, nodes: 2, HubRig.NoSessionChecks);
        foreach (var (kind, isExtended) in new[] { ("plain", false), ("extended", true) })
        {
            using var audience = await Audience.JoinAsync([rig.Nodes[1]], Users, _ => isExtended);
            audience.Listen();
            await rig.HasSeatsAsync(audience);
            var sender = new Sender(client, rig.Nodes[0], audience);
            Task<IReadOnlyList<Telling>> AtRateAsync(int count) => sender.AtRateAsync(plan.Time, plan.Rate, turn => (turn % Users, count));
            Task<IReadOnlyList<Telling>> AsFastAsItGoesAsync() => sender.AsFastAsItGoesAsync(plan.Time, turn => (turn % Users, 1));

            // The first ones pay for compiling.
            await AsFastAsItGoesAsync();
            await audience.CheckAsync();
            var idle = await rig.IdleAsync(Settle);
            await MeasureAsync($"{kind}, {Number(plan.Rate)} a second", $"hub_{kind}", rig, audience, idle, () => AtRateAsync(1));
            await MeasureAsync($"{kind}, as fast as it goes", $"hub_{kind}_max", rig, audience, idle, AsFastAsItGoesAsync);
            if (!isExtended)
            {
                await MeasureAsync("calls that tell nobody", "hub_nobody", rig, audience, idle, () => AtRateAsync(0));
            }

            var scripts = await ScriptTrace.OfAsync(rig.Redis.Server, () => sender.AtRateAsync(Settle, plan.Rate, turn => (turn % Users, 1)));
            _scripts.AddRange(scripts.Select(script => new[] { $"{kind}: {script.Script}", Number(script.Calls / (Settle.TotalSeconds * plan.Rate), "0.00"), Number(script.Microseconds) }));
            await audience.CheckAsync();
        }

        report.Table(["", "events/s", "p50 ms", "p99 ms", "µs in scripts", "Redis CPU µs", "round trips", "gateways' CPU µs"], _rows);
        report.Note("\nFrom the call to the client's socket, and per event: Redis without what idle nodes ask of it.");
        report.Note("");
        report.Table(["script", "runs per event", "median µs"], _scripts);
    }

    private async Task MeasureAsync(string name, string metric, HubRig rig, Audience audience, RedisWork idle, Func<Task<IReadOnlyList<Telling>>> run)
    {
        var (cpu, before, began) = (rig.Cpu, await rig.Redis.MeasureAsync(), Stopwatch.GetTimestamp());
        var tellings = await run();
        var rate = tellings.Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var work = (await rig.Redis.MeasureAsync() - before).Without(idle);
        cpu = rig.Cpu - cpu;
        await audience.CheckAsync();
        var (p50, p99) = (tellings.Select(telling => telling.Last).Median(), tellings.Select(telling => telling.Last).Percentile(0.99));
        _rows.Add([
            name, Number(rate), Number(p50, "0.00"), Number(p99, "0.00"), Number(work.Scripts / tellings.Count, "0.0"), Number(work.Cpu / tellings.Count, "0.0"),
            Number(work.RoundTrips / tellings.Count, "0.00"), Number(cpu / tellings.Count),
        ]);
        report.Metric($"{metric}_rate", rate);
        report.Metric($"{metric}_p99_ms", p99);
        report.Metric($"{metric}_redis_us", work.Scripts / tellings.Count);
    }
}
