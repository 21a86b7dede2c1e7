using System.Diagnostics;
using System.Globalization;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>What the gateway adds to a call at a fixed rate that it could serve twice over, beside the sub-service called directly.</summary>
internal sealed class Latency(Lab lab, HttpClient client, Report report, Plan plan)
{
    private const int Connections = 32;

    /// <param name="rate">Calls per second.</param>
    public async Task RunAsync(Candidate direct, Candidate gateway, double rate)
    {
        report.Title($"Latency at half load: {Number(rate)} calls/s over {Connections} connections, in ms");
        var rounds = new Dictionary<Candidate, List<(double P50, double P99)>> { [direct] = [], [gateway] = [] };
        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var candidate in round % 2 == 0 ? new[] { direct, gateway } : [gateway, direct])
            {
                await Calls.UserInfo.CheckAsync(client, candidate);
                var latencies = await LoadAsync(candidate, rate);
                rounds[candidate].Add((latencies.Percentile(0.5) / 1000, latencies.Percentile(0.99) / 1000));
            }
        }

        report.Table(
            ["", "p50", "p99"],
            rounds.Select(pair => new[]
            {
                pair.Key.Name,
                Number(pair.Value.Select(round => round.P50).Median(), "0.00"),
                Number(pair.Value.Select(round => round.P99).Median(), "0.00"),
            }));
        report.Metric("p99_added_ms", rounds[gateway].Select(round => round.P99).Median() - rounds[direct].Select(round => round.P99).Median());
    }

    private async Task<double[]> LoadAsync(Candidate candidate, double rate)
    {
        var log = Path.Combine(lab.Folder, "latency.tsv");
        File.Delete(log);
        var perConnection = (rate / Connections).ToString("0", CultureInfo.InvariantCulture);
        using var h2load = Process.Start(new ProcessStartInfo("h2load",
        [
            "--h1", "-t", "1", "-c", Connections.ToString(CultureInfo.InvariantCulture), "--rps", perConnection,
            "-D", ((int)plan.RoundTime.TotalSeconds).ToString(CultureInfo.InvariantCulture), "--warm-up-time", "1",
            "-d", Calls.UserInfo.BodyIn(lab.Folder), "-H", "content-type: application/x-protobuf", $"--log-file={log}",
            new Uri(candidate.Http, Calls.UserInfo.Path).ToString(),
        ])
        { RedirectStandardOutput = true })!;
        await h2load.StandardOutput.ReadToEndAsync();
        await h2load.WaitForExitAsync();

        // When it began, the status, and how long it took in microseconds.
        var calls = File.ReadLines(log).Select(line => line.Split('\t')).ToList();
        if (calls.Count == 0 || calls.Any(call => call[1] != "200"))
        {
            throw new InvalidOperationException($"{candidate.Name}: {calls.Count(call => call[1] != "200")} of {calls.Count} calls at a fixed rate failed.");
        }

        return [.. calls.Select(call => double.Parse(call[2], CultureInfo.InvariantCulture))];
    }
}
