using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Running;

// [--full] [FILTER…]: the benchmarks whose name has one of the filters in it, or all.
var isFull = args.Contains("--full");
string[] filters = [.. args.Where(argument => argument != "--full").Select(filter => $"*{filter}*").DefaultIfEmpty("*")];
var config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(isFull ? Job.Default : Job.ShortRun)
    .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
    .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "artifacts"))
    .WithOptions(ConfigOptions.JoinSummary | ConfigOptions.DisableLogFile)
    .WithBuildTimeout(TimeSpan.FromMinutes(5));
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(["--filter", .. filters], config).ToArray();
var isComplete = summaries.Length > 0 && summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success));
return isComplete ? 0 : 1;
