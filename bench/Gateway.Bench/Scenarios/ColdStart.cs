using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>From starting the published gateway to its first right answer.</summary>
internal sealed class ColdStart(Lab lab, HttpClient client, Report report, Plan plan)
{
    public async Task RunAsync()
    {
        report.Title("Start to first answered call");
        // Redis is started by the first one, and is not what is measured.
        lab.Stop(await lab.StartRedisGatewayAsync());
        var times = new List<double>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            var gateway = await lab.StartRedisGatewayAsync();
            await Calls.UserInfo.SendAsync(client, gateway);
            times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            lab.Stop(gateway);
        }

        report.Note($"{Number(times.Median(), "0.00")} s, from {Number(times.Min(), "0.00")} to {Number(times.Max(), "0.00")} s");
        report.Metric("start_s", times.Median());
    }
}
