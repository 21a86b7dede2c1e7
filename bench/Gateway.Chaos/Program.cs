using Gateway.Chaos;
using Gateway.Chaos.Fuzzing;
using Gateway.Chaos.Hub;
using Gateway.Chaos.Parts;
using Gateway.Chaos.Soak;

return args switch
{
    ["stub", var port, ..] => await StubInstance.RunAsync(port),
    [] => await BreakAllAsync(Pace.Full),
    ["--strangers"] => await ChaosRun.RunAsync(Pace.Full, ChaosScope.Strangers),
    ["--quick"] => await BreakAllAsync(Pace.Quick),
    ["--hub"] => await HubRun.RunAsync(Pace.Full, HubPart.Redis, HubPart.Late, HubPart.Nodes, HubPart.Shards, HubPart.Joins, HubPart.Storm),
    ["--hub", "--quick"] => await BreakHubAsync(),
    ["--hub", var part] when Enum.TryParse<HubPart>(part, ignoreCase: true, out var named) => await HubRun.RunAsync(Pace.Full, named),
    ["--fuzz", .. var options] => FuzzRun.Run(options),
    ["--soak", .. var options] => await SoakRun.RunAsync(options),
    _ => Usage(),
};

static async Task<int> BreakAllAsync(Pace pace) =>
    Math.Max(await ChaosRun.RunAsync(pace, ChaosScope.All), await BreakHubAsync());

static Task<int> BreakHubAsync() => HubRun.RunAsync(Pace.Quick, HubPart.Short, HubPart.Shard);

static int Usage()
{
    Console.Error.WriteLine("usage: bench/chaos.sh [--quick | --hub [--quick | redis | late | nodes | shards | joins | storm] | --strangers | --fuzz [OPTION...] | --soak [MINUTES]]");
    return 2;
}
