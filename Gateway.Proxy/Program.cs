using Gateway.Proxy;
using Gateway.Proxy.Hosting;

if (args is ["validate", ..])
{
    return ValidateCommand.Run(args[1..], Console.Out, Console.Error);
}

try
{
    await using var app = GatewayHost.Build(args);
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (StartFailure.Describe(exception) is { } lines)
{
    foreach (var line in lines)
    {
        Console.Error.WriteLine(line);
    }

    return 1;
}
