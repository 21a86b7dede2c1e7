using Gateway.Proxy;
using Gateway.Proxy.Hosting;

const int WrongUsage = 2;

if (ProgramArguments.IsHelp(args))
{
    Console.Out.WriteLine(ProgramArguments.Usage);
    return 0;
}

if (args is ["validate", ..])
{
    return ValidateCommand.Run(args[1..], Console.Out, Console.Error);
}

if (ProgramArguments.FindProblem(args) is { } problem)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(ProgramArguments.Usage);
    return WrongUsage;
}

ILookup<int, string>? ports = null;
try
{
    await using var app = GatewayHost.Build(args);
    ports = PortSettings.Of(app.Services);
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (StartFailure.Describe(exception, ports) is { } lines)
{
    foreach (var line in lines)
    {
        Console.Error.WriteLine(line);
    }

    return 1;
}
