using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>A file of 64 MiB up and down: how fast, and how much the gateway's memory grows.</summary>
internal sealed class LargeFiles(HttpClient client, Report report, Plan plan)
{
    private const double MiB = 1 << 20;

    public async Task RunAsync(IReadOnlyList<Candidate> candidates)
    {
        report.Title("A file of 64 MiB");
        var rows = new List<string[]>();
        foreach (var candidate in candidates)
        {
            await Calls.UserInfo.CheckAsync(client, candidate);
            var (uploadGrowth, upload) = await RunAsync(candidate, Calls.Upload);
            var (downloadGrowth, download) = await RunAsync(candidate, Calls.Download);
            rows.Add([candidate.Name, Number(upload), Number(uploadGrowth, "0.0"), Number(download), Number(downloadGrowth, "0.0")]);
            if (candidate.Name == Names.Memory)
            {
                report.Metric("upload_peak_mib", uploadGrowth);
                report.Metric("download_peak_mib", downloadGrowth);
            }
        }

        report.Table(["", "upload MiB/s", "memory growth MiB", "download MiB/s", "memory growth MiB"], rows);
    }

    private async Task<(double Growth, double Rate)> RunAsync(Candidate candidate, Call call)
    {
        // The first one pays for what stays: compiled code, buffers of the connections.
        await call.SendAsync(client, candidate);
        var growths = new List<double>();
        var rates = new List<double>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            candidate.Process.ForgetPeak();
            var before = candidate.Process.Resident;
            var began = Stopwatch.GetTimestamp();
            await call.SendAsync(client, candidate);
            rates.Add(SubService.FileSize / MiB / Stopwatch.GetElapsedTime(began).TotalSeconds);
            growths.Add((candidate.Process.PeakResident - before) / MiB);
        }

        return (growths.Max(), rates.Median());
    }
}
