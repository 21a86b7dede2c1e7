using System.Diagnostics;
using System.Globalization;
using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Soak;

/// <summary>Mixed load for a long time, while instances come and go and routes change, and a look at whether the gateways grow.</summary>
internal sealed class SoakRun(Rig rig, SoakLoad load)
{
    private const int DefaultMinutes = 10;

    /// <summary>A gateway that has just been started compiles its code meanwhile, and is too slow for some of its own deadlines.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RestartEvery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(10);

    /// <summary>From leaving etcd to the end of an instance, so that the gateways know of it.</summary>
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(1);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<Sample>[] _samples = [.. rig.Gateways.Select(_ => new List<Sample>())];

    /// <summary>How many failures have been told of.</summary>
    private int _told;

    /// <summary>0 when nothing failed, nothing was wrong, and nothing grew.</summary>
    public static async Task<int> RunAsync(string[] options)
    {
        if (MinutesOf(options) is not { } minutes)
        {
            Console.Error.WriteLine("usage: bench/chaos.sh --soak [MINUTES], a whole number from 1 to 1440");
            return 2;
        }

        await using var rig = new Rig();
        await rig.StartAsync(SoakLoad.Users);
        await using (new SteadyLoad([.. rig.Gateways.Select(gateway => gateway.Http)]))
        {
            await Task.Delay(WarmUp);
        }

        await using var load = new SoakLoad(rig.Gateways);
        return await new SoakRun(rig, load).WatchAsync(TimeSpan.FromMinutes(minutes));
    }

    private static int? MinutesOf(string[] options) => options switch
    {
        [] => DefaultMinutes,
        [var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 1 and <= 1440 => minutes,
        _ => null,
    };

    private async Task<int> WatchAsync(TimeSpan duration)
    {
        using var ending = new CancellationTokenSource();
        var changes = Task.WhenAll(EveryAsync(RestartEvery, RestartAsync, ending.Token), EveryAsync(ReloadEvery, ReloadAsync, ending.Token));
        Console.WriteLine(Header());
        while (_watch.Elapsed < duration && !changes.IsFaulted)
        {
            await Task.Delay(SampleEvery);
            await SampleAsync();
        }

        await ending.CancelAsync();
        await changes;
        return Report();
    }

    private static async Task EveryAsync(TimeSpan period, Func<int, Task> act, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await Task.Delay(period, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await act(i);
        }
    }

    private async Task RestartAsync(int turn)
    {
        var number = turn % rig.Instances.Count;
        await rig.UnregisterAsync(number);
        await Task.Delay(Leaving);
        await rig.Instances[number].Process.StopAsync();
        await rig.Instances[number].StartAsync();
        await rig.RegisterAsync(number);
    }

    private Task ReloadAsync(int turn)
    {
        foreach (var gateway in rig.Gateways)
        {
            gateway.ChangeRoutes(isOdd: turn % 2 == 0);
        }

        return Task.CompletedTask;
    }

    private async Task SampleAsync()
    {
        var count = load.Count();
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {_watch.Elapsed.TotalSeconds:0} | {count.Calls} | {load.Refused.Done} | {load.Uploads.Done} | {load.Sockets.Done} | {count.Failed} | {count.Wrong} |");
        for (var node = 0; node < rig.Gateways.Count; node++)
        {
            var gateway = rig.Gateways[node];
            var sample = Sample.Of(gateway.Process.Id);
            _samples[node].Add(sample);
            var reloads = await gateway.AppliedReloadsAsync();
            row += string.Create(
                CultureInfo.InvariantCulture,
                $" {sample.Memory:0} | {sample.Handles} | {sample.Threads} | {load.OpenAt(node)} | {reloads} |");
        }

        Console.WriteLine(row);
        if (count.Failed > _told)
        {
            _told = count.Failed;
            Console.WriteLine($"failed until now: {count.Failures}");
        }
    }

    private string Header()
    {
        string[] columns =
        [
            "time, s", "calls", "refused as they should", "uploads", "sockets", "failed", "wrong",
            .. rig.Gateways.SelectMany((_, i) => new[] { $"{i + 1}: RSS, MiB", "handles", "threads", "open sockets", "route changes" }),
        ];
        return $"| {string.Join(" | ", columns)} |\n|{string.Concat(Enumerable.Repeat("---|", columns.Length))}";
    }

    private int Report()
    {
        Growth[] growths = [.. _samples.Select(samples => new Growth(samples))];
        for (var node = 0; node < growths.Length; node++)
        {
            Console.WriteLine($"gateway {node + 1}, from the middle third to the last: {growths[node]}");
        }

        var (count, grown) = (load.Count(), growths.Sum(growth => growth.BeyondLimit));
        // Instances leave before they stop, so nothing at all may fail.
        Console.WriteLine($"wrong={count.Wrong} failed_beyond_allowed={count.Failed} growth_beyond_limit={grown}");
        return count.Wrong == 0 && count.Failed == 0 && grown == 0 ? 0 : 1;
    }
}
