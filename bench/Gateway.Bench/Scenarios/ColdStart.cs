using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>From starting a published gateway to its first right answer: the ordinary one, and the one that is compiled natively.</summary>
internal sealed class ColdStart(Lab lab, HttpClient client, Report report, Plan plan)
{
    public async Task RunAsync()
    {
        report.Title("Start to first answered call");
        // Redis is started by the first one, and is not what is measured.
        lab.Stop(await lab.StartRedisGatewayAsync());
        var (usual, native) = (new List<double>(), new List<double>());
        for (var round = 0; round < plan.Rounds; round++)
        {
            usual.Add(await TimeAsync(() => lab.StartRedisGatewayAsync()));
            native.Add(await TimeAsync(lab.StartNativeGatewayAsync));
        }

        Tell("start_s", usual, "");
        Tell("start_native_s", native, "compiled natively: ");
    }

    private async Task<double> TimeAsync(Func<Task<Candidate>> start)
    {
        var began = Stopwatch.GetTimestamp();
        var gateway = await start();
        await Calls.UserInfo.SendAsync(client, gateway);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        lab.Stop(gateway);
        return seconds;
    }

    private void Tell(string metric, List<double> times, string which)
    {
        report.Note($"{which}{Number(times.Median(), "0.00")} s, from {Number(times.Min(), "0.00")} to {Number(times.Max(), "0.00")} s");
        report.Metric(metric, times.Median());
    }
}
