using System.Diagnostics;

namespace Gateway.Chaos.Fuzzing;

/// <summary>Gives very many inputs to everything that reads what others wrote, and says what became of them.</summary>
internal sealed class FuzzRun(FuzzSettings settings)
{
    /// <summary>The whole run is over by then. What a target leaves of its share is there for those after it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(9.5);

    /// <summary>An input that takes so long is not waited for any more.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>What a target may hold when all is over, in bytes.</summary>
    private const long MostKept = 64 << 20;

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Findings _findings = new(settings.Folder);
    private readonly List<TargetReport> _reports = [];

    /// <summary>0 when nothing crashed, hung, or was read in two ways.</summary>
    public static int Run(string[] options)
    {
        if (FuzzSettings.Parse(options) is not { } settings)
        {
            Console.Error.WriteLine("usage: bench/chaos.sh --fuzz [--seed N] [--save DIR] [--inputs N] [--only TARGET]");
            return 2;
        }

        var targets = FuzzTargets.All().Where(target => settings.Only is null || target.Name == settings.Only).ToArray();
        if (targets.Length == 0)
        {
            Console.Error.WriteLine($"--only {settings.Only}: there is no such target; use one of {string.Join(", ", FuzzTargets.All().Select(target => target.Name))}.");
            return 2;
        }

        return new FuzzRun(settings).RunAll(targets);
    }

    private int RunAll(IFuzzTarget[] targets)
    {
        Console.WriteLine($"seed {settings.Seed}");
        Console.WriteLine(TargetReport.Header);
        for (var i = 0; i < targets.Length; i++)
        {
            var share = (Limit - _watch.Elapsed) / (targets.Length - i);
            if (!TryRun(targets[i], share))
            {
                break;
            }
        }

        var (crashes, hangs, disagreements) = (Sum(Verdict.Crash), Sum(Verdict.Hang), Sum(Verdict.Disagreement));
        Console.WriteLine($"crashes={crashes} hangs={hangs} disagreements={disagreements}");
        return crashes == 0 && hangs == 0 && disagreements == 0 ? 0 : 1;
    }

    /// <summary>False when an input does not come to an end, so that nothing more can be run beside it.</summary>
    private bool TryRun(IFuzzTarget target, TimeSpan share)
    {
        var report = new TargetReport(target.Name);
        _reports.Add(report);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var begin = _watch.Elapsed;
        using var stop = new CancellationTokenSource(share);
        var mutator = new Mutator(Corpus.Of(target), target.Words, settings.Seed);
        var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Worker(target, mutator, report, _findings)).ToArray();
        var running = Task.WhenAll(workers.Select((worker, i) => Task.Factory.StartNew(
            () => worker.Run(i, workers.Length, settings.Inputs, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var ended = Watch(target, report, workers, running);
        report.Duration = _watch.Elapsed - begin;
        report.Kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        if (report.Kept > MostKept)
        {
            report.Add(new Judgement(Verdict.Crash, TimeSpan.Zero));
        }

        Console.WriteLine(report);
        return ended;
    }

    /// <summary>Names each input that takes long, while it does.</summary>
    private bool Watch(IFuzzTarget target, TargetReport report, Worker[] workers, Task running)
    {
        HashSet<int> named = [];
        while (!running.Wait(Look))
        {
            foreach (var worker in workers)
            {
                if (worker.FindSlow(InputJudge.SlowAfter) is { } slow && named.Add(slow.Number))
                {
                    Console.WriteLine($"{target.Name}, input {slow.Number} of {slow.Input.Length} bytes takes long: {Convert.ToBase64String(slow.Input)}");
                }

                if (worker.FindSlow(GiveUpAfter) is { } endless)
                {
                    report.Add(new Judgement(Verdict.Hang, GiveUpAfter));
                    _findings.Tell(target.Name, endless.Number, endless.Input, Verdict.Hang, $"it takes more than {GiveUpAfter.TotalSeconds:0} s");
                    return false;
                }
            }
        }

        return true;
    }

    private int Sum(Verdict verdict) => _reports.Sum(report => report[verdict]);
}
