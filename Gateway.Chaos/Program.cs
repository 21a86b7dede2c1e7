using Gateway.Chaos;
using Gateway.Chaos.Parts;

return args switch
{
    ["stub", var port, ..] => await StubInstance.RunAsync(port),
    [] => await ChaosRun.RunAsync(Pace.Full),
    ["--quick"] => await ChaosRun.RunAsync(Pace.Quick),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: ./chaos.sh [--quick]");
    return 2;
}
