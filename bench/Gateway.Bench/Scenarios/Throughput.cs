using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>The same call through each candidate in turn, as fast as they go.</summary>
internal sealed class Throughput(Lab lab, HttpClient client, Report report, Plan plan)
{
    /// <summary>Loads all candidates round by round.</summary>
    /// <returns>The medians of each, by name.</returns>
    public async Task<Dictionary<string, Round>> RunAsync(string title, Call call, int connections, IReadOnlyList<Candidate> candidates)
    {
        report.Title(title);
        var sizes = new Dictionary<Candidate, int>();
        var rounds = candidates.ToDictionary(candidate => candidate, _ => new List<Round>());
        foreach (var candidate in candidates)
        {
            await call.CheckAsync(client, candidate);
            sizes[candidate] = await call.AnswerSizeAsync(candidate);
            await Wrk.RunAsync(candidate, call, lab.Folder, connections, Plan.WarmUp, sizes[candidate]);
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            // Who goes first changes, too.
            foreach (var candidate in candidates.Skip(round % candidates.Count).Concat(candidates.Take(round % candidates.Count)))
            {
                rounds[candidate].Add(await RunAsync(candidate, call, connections, sizes[candidate]));
                await call.CheckAsync(client, candidate);
            }
        }

        var medians = rounds.ToDictionary(pair => pair.Key.Name, pair => Median(pair.Value));
        Print(medians, candidates);
        return medians;
    }

    private async Task<Round> RunAsync(Candidate candidate, Call call, int connections, int answerSize)
    {
        var allocated = candidate.ManagementPort is null ? 0 : await candidate.AllocatedAsync(client);
        var cpu = candidate.Process.CpuMicroseconds;
        var load = await Wrk.RunAsync(candidate, call, lab.Folder, connections, plan.RoundTime, answerSize);
        cpu = candidate.Process.CpuMicroseconds - cpu;
        return new Round(load, cpu / load.Requests, candidate.ManagementPort is null ? null : (await candidate.AllocatedAsync(client) - allocated) / load.Requests);
    }

    private static Round Median(List<Round> rounds) => new(
        new WrkResult(
            rounds.Sum(round => round.Load.Requests),
            rounds.Select(round => round.Load.Rate).Median(),
            rounds.Select(round => round.Load.P50).Median(),
            rounds.Select(round => round.Load.P99).Median()),
        rounds.Select(round => round.Cpu).Median(),
        rounds[0].Allocated is null ? null : rounds.Select(round => round.Allocated!.Value).Median());

    private void Print(Dictionary<string, Round> medians, IReadOnlyList<Candidate> candidates)
    {
        string Ratio(double rate, string to) => medians.TryGetValue(to, out var reference) ? Number(rate / reference.Load.Rate, "0.00x") : "";
        report.Table(
            ["", "requests/s", "to nginx", "to YARP h2c", "p50 ms", "p99 ms", "CPU µs/request", "bytes allocated/request", "RSS MiB"],
            candidates.Select(candidate => (candidate, Result: medians[candidate.Name])).Select(row => new[]
            {
                row.candidate.Name,
                Number(row.Result.Load.Rate),
                Ratio(row.Result.Load.Rate, Names.Nginx),
                Ratio(row.Result.Load.Rate, Names.YarpHttp2),
                Number(row.Result.Load.P50 / 1000, "0.00"),
                Number(row.Result.Load.P99 / 1000, "0.00"),
                Number(row.Result.Cpu, "0.0"),
                row.Result.Allocated is { } bytes ? Number(bytes) : "",
                Number(row.candidate.Process.Resident / (double)(1 << 20)),
            }));
    }
}
