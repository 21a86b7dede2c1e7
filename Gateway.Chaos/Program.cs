using Gateway.Chaos;
using Gateway.Chaos.Fuzzing;
using Gateway.Chaos.Parts;
using Gateway.Chaos.Soak;

return args switch
{
    ["stub", var port, ..] => await StubInstance.RunAsync(port),
    [] => await ChaosRun.RunAsync(Pace.Full, ChaosScope.All),
    ["--tracking"] => await ChaosRun.RunAsync(Pace.Full, ChaosScope.Tracking),
    ["--strangers"] => await ChaosRun.RunAsync(Pace.Full, ChaosScope.Strangers),
    ["--quick"] => await ChaosRun.RunAsync(Pace.Quick, ChaosScope.All),
    ["--fuzz", .. var options] => FuzzRun.Run(options),
    ["--soak", .. var options] => await SoakRun.RunAsync(options),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: ./chaos.sh [--quick | --tracking | --strangers | --fuzz [OPTION...] | --soak [MINUTES]]");
    return 2;
}
