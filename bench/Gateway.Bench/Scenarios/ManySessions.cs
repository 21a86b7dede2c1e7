using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>Small calls at a fixed rate, of a few busy users and of many who call once in ten seconds, and what Redis has to do for them.</summary>
internal sealed class ManySessions(Lab lab, HttpClient client, Report report, Plan plan)
{
    public const int Most = 100_000;

    private const int Busy = 64;
    private const int UsualConnections = 64;
    private const double PerSecond = 10_000;

    /// <summary>So that each of them has called once: whoever remembers sessions, remembers them all.</summary>
    private const int WarmUp = Most;

    public async Task RunAsync(RedisServer redis, IReadOnlyList<(Candidate Gateway, string Metric)> candidates)
    {
        foreach (var (gateway, _) in candidates)
        {
            // A gateway that has just been started cannot keep up with a fixed rate.
            await Wrk.RunAsync(gateway, Calls.UserInfo, lab.Folder, UsualConnections, Plan.WarmUp, await Calls.UserInfo.AnswerSizeAsync(gateway));
        }

        foreach (var (sessions, metric) in new[] { (Busy, "busy"), (Most, "many") })
        {
            report.Title($"{Number(sessions)} sessions, {Number(PerSecond)} small calls/s in all");
            var rounds = candidates.ToDictionary(candidate => candidate, _ => new List<Figures>());
            var calls = candidates.ToDictionary(candidate => candidate, _ => 0);
            foreach (var candidate in candidates)
            {
                await RunAsync(candidate, WarmUp);
            }

            for (var round = 0; round < plan.Rounds; round++)
            {
                foreach (var candidate in candidates.Skip(round % candidates.Count).Concat(candidates.Take(round % candidates.Count)))
                {
                    rounds[candidate].Add(await RunAsync(candidate, (int)(PerSecond * plan.RoundTime.TotalSeconds)));
                }
            }

            Print(metric, candidates.Select(candidate => (candidate.Gateway, candidate.Metric, Median(rounds[candidate]))));

            async Task<Figures> RunAsync((Candidate Gateway, string) candidate, int count)
            {
                var first = calls[candidate];
                calls[candidate] += count;
                return await MeasureAsync(redis, candidate.Gateway, count, turn => (first + turn) % sessions);
            }
        }
    }

    private async Task<Figures> MeasureAsync(RedisServer redis, Candidate gateway, int count, Func<int, int> sessionOf)
    {
        using var load = await OpenLoop.ConnectAsync(gateway);
        var (work, allocated, cpu) = (await redis.MeasureAsync(), await gateway.AllocatedAsync(client), gateway.Process.CpuMicroseconds);
        var took = await load.RunAsync(PerSecond, count, sessionOf);
        cpu = gateway.Process.CpuMicroseconds - cpu;
        work = await redis.MeasureAsync() - work;
        allocated = await gateway.AllocatedAsync(client) - allocated;
        return new Figures(took.Percentile(0.5), took.Percentile(0.99), cpu / count, allocated / count, work.Cpu / count, work.RoundTrips / count);
    }

    private static Figures Median(List<Figures> rounds)
    {
        double Of(Func<Figures, double> figure) => rounds.Select(figure).Median();
        return new Figures(Of(round => round.P50), Of(round => round.P99), Of(round => round.Cpu), Of(round => round.Allocated), Of(round => round.RedisCpu), Of(round => round.Commands));
    }

    private void Print(string metric, IEnumerable<(Candidate Gateway, string Metric, Figures Figures)> results)
    {
        report.Table(
            ["", "p50 ms", "p99 ms", "CPU µs/call", "bytes allocated/call", "RSS MiB", "Redis CPU µs/call", "commands to Redis/call"],
            results.Select(result => new[]
            {
                result.Gateway.Name,
                Number(result.Figures.P50, "0.00"),
                Number(result.Figures.P99, "0.00"),
                Number(result.Figures.Cpu, "0.0"),
                Number(result.Figures.Allocated),
                Number(result.Gateway.Process.Resident / (double)(1 << 20)),
                Number(result.Figures.RedisCpu, "0.0"),
                Number(result.Figures.Commands, "0.00"),
            }));
        foreach (var (_, name, figures) in results)
        {
            report.Metric($"sessions_{metric}_cpu_{name}", figures.Cpu);
            report.Metric($"sessions_{metric}_p99_ms_{name}", figures.P99);
        }
    }

    /// <param name="P50">In milliseconds.</param>
    /// <param name="P99">In milliseconds.</param>
    /// <param name="Cpu">CPU time of the gateway per call, in microseconds.</param>
    /// <param name="Allocated">Bytes it allocated per call.</param>
    /// <param name="RedisCpu">CPU time of Redis per call, in microseconds.</param>
    /// <param name="Commands">Sent to Redis per call.</param>
    private sealed record Figures(double P50, double P99, double Cpu, double Allocated, double RedisCpu, double Commands);
}
