using System.Diagnostics;
using System.Globalization;
using Gateway.Bench.Servers;

namespace Gateway.Bench.Load;

/// <summary>What wrk saw in one round.</summary>
/// <param name="Rate">Answers per second.</param>
/// <param name="P50">Median latency in microseconds.</param>
/// <param name="P99">Latency in microseconds that one of a hundred exceeds.</param>
internal sealed record WrkResult(long Requests, double Rate, double P50, double P99);

/// <summary>Loads a candidate as fast as it goes, over connections that stay open.</summary>
internal static class Wrk
{
    /// <summary>An answer of another length is another answer.</summary>
    private const double Tolerance = 0.01;

    public static async Task<WrkResult> RunAsync(Candidate candidate, Call call, string folder, int connections, TimeSpan time, int answerSize)
    {
        var start = new ProcessStartInfo("wrk",
        [
            "-t2", $"-c{connections}", $"-d{(int)time.TotalSeconds}s", "--timeout", "10s",
            "-s", Path.Combine(AppContext.BaseDirectory, "Load", "post.lua"),
            new Uri(candidate.Http, call.Path).ToString(), "--", call.BodyIn(folder),
        ])
        { RedirectStandardOutput = true };
        using var wrk = Process.Start(start)!;
        var text = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        var figures = text.Split('\n')
            .Select(line => line.Split('='))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        var requests = figures["requests"];
        var size = figures["bytes"] / requests;
        if (figures["failed"] > 0 || Math.Abs(size - answerSize) > answerSize * Tolerance)
        {
            throw new InvalidOperationException($"{candidate.Name}, {connections} connections: {figures["failed"]} calls failed, and answers have {size:F1} bytes instead of {answerSize}.");
        }

        return new WrkResult((long)requests, requests / figures["microseconds"] * 1e6, figures["p50"], figures["p99"]);
    }
}
