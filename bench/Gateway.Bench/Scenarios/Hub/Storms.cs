using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>Sockets that connect to two nodes as fast as these let them in, leave, and lose Redis all together.</summary>
internal sealed class Storms(Lab lab, HttpClient client, Report report, HubPlan plan)
{
    private const int ExtendedOneIn = 2;

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    public async Task RunAsync()
    {
        report.Title($"Hub: {Number(plan.Storm)} sockets connect to two nodes");
        using var rig = await HubRig.StartAsync(lab, client, nodes: 2, HubRig.NoSessionChecks);
        using (var first = await Audience.JoinAsync(rig.Nodes, plan.Storm / 10, person => person % 2 == 0))
        {
            // The first ones pay for compiling.
            first.Listen();
            await rig.HasSeatsAsync(first);
        }

        await rig.HasSeatsAsync(null);
        var idle = await rig.IdleAsync(Settle);
        var rows = new List<string[]>();
        foreach (var (kind, isExtended) in new[] { ("plain", false), ("extended", true) })
        {
            rows.AddRange(await ConnectAsync(kind, isExtended, rig, idle));
        }

        report.Table(["", "a second", "round trips", "of them scripts", "µs in scripts", "Redis CPU µs", "gateways' CPU µs"], rows);
        report.Note("\nPer socket, Redis without what idle nodes ask of it; one of the round trips of joining looks the session up.");
        await TraceAsync(rig);
        await RecoverAsync(rig);
    }

    private async Task TraceAsync(HubRig rig)
    {
        var scripts = await ScriptTrace.OfAsync(rig.Redis.Server, async () =>
        {
            using (var audience = await Audience.JoinAsync(rig.Nodes, plan.Storm / 5, person => person % ExtendedOneIn == 0))
            {
                audience.Listen();
                await rig.HasSeatsAsync(audience);
            }

            await rig.HasSeatsAsync(null);
        });
        report.Note("");
        report.Table(["script", "runs", "median µs"], scripts.Select(script => new[] { script.Script, Number(script.Calls), Number(script.Microseconds) }));
    }

    private async Task<IEnumerable<string[]>> ConnectAsync(string kind, bool isExtended, HubRig rig, RedisWork idle)
    {
        var (cpu, before, began) = (rig.Cpu, await rig.Redis.MeasureAsync(), Stopwatch.GetTimestamp());
        string[] joined;
        using (var audience = await Audience.JoinAsync(rig.Nodes, plan.Storm, _ => isExtended))
        {
            audience.Listen();
            await rig.HasSeatsAsync(audience);
            report.Metric($"hub_join_{kind}_refused", audience.Refused);
            report.Metric($"hub_join_{kind}_rate", plan.Storm / Stopwatch.GetElapsedTime(began).TotalSeconds);
            joined = await RowAsync(audience.Refused == 0 ? $"{kind} joins" : $"{kind} joins ({audience.Refused} had to try again)");
            (cpu, before, began) = (rig.Cpu, await rig.Redis.MeasureAsync(), Stopwatch.GetTimestamp());
        }

        await rig.HasSeatsAsync(null);
        return [joined, await RowAsync($"{kind} leaves")];

        async Task<string[]> RowAsync(string name)
        {
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var work = (await rig.Redis.MeasureAsync() - before).Without(idle);
            return [
                name, Number(plan.Storm / seconds), Number(work.RoundTrips / plan.Storm, "0.00"), Number(work.ScriptCalls / plan.Storm, "0.00"), Number(work.Scripts / plan.Storm, "0.0"),
                Number(work.Cpu / plan.Storm, "0.0"), Number((rig.Cpu - cpu) / plan.Storm),
            ];
        }
    }

    /// <summary>Redis is killed, and comes back with nothing but the sessions.</summary>
    private async Task RecoverAsync(HubRig rig)
    {
        report.Title($"Hub: {Number(plan.Storm)} sockets of two nodes lose Redis, which comes back empty");
        using var audience = await Audience.JoinAsync(rig.Nodes, plan.Storm, person => person % ExtendedOneIn == 0);
        audience.Listen();
        await rig.HasSeatsAsync(audience);
        var (seats, beats) = (await rig.SeatKeysAsync(), await rig.BeatKeysAsync());
        var began = await rig.Redis.RestartAsync(Outage);

        // All seats, and from the first beat on the longest time in which a node has not beaten in some bucket.
        var (last, silence, scripts) = (TimeSpan.MaxValue, 0.0, 0.0);
        while (Stopwatch.GetElapsedTime(began) < (last == TimeSpan.MaxValue ? Limit : last + Outage))
        {
            if (last == TimeSpan.MaxValue && await rig.SeatsAsync(seats) == plan.Storm)
            {
                last = Stopwatch.GetElapsedTime(began);
                scripts = (await rig.Redis.MeasureAsync()).Scripts;
            }

            var known = await rig.BeatsAsync(beats);
            silence = known.Count == 0 ? silence : Math.Max(silence, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - known.Min());
            await Task.Delay(Look);
        }

        if (last == TimeSpan.MaxValue)
        {
            throw new InvalidOperationException($"Redis knows of {await rig.SeatsAsync(seats)} seats instead of {plan.Storm}.");
        }

        await new Sender(client, rig.Nodes[0], audience).AtRateAsync(TimeSpan.FromSeconds(1), 1, _ => (0, plan.Storm));
        if (audience.TakeReloads() is var told && told != plan.Storm / ExtendedOneIn)
        {
            throw new InvalidOperationException($"{told} of {plan.Storm / ExtendedOneIn} extended clients were told that they may have missed events.");
        }

        await audience.CheckAsync();
        report.Note($"All seats are taken again {Number(last.TotalSeconds, "0.00")} s after Redis answers; meanwhile no node was silent for longer than {Number(silence)} ms, and Redis spent {Number(scripts / plan.Storm, "0.0")} µs in scripts for each seat.");
        report.Note("Then every extended client had been told to load anew, and an event for all reached each once.");
        report.Metric("hub_recovery_s", last.TotalSeconds);
        report.Metric("hub_recovery_silence_ms", silence);
    }
}
