using Gateway.Proxy;
using Gateway.Proxy.Hosting;

if (args is ["--help" or "-h" or "help", ..])
{
    Console.Out.WriteLine("""
        Usage: Gateway.Proxy [--SETTING=VALUE…]
               Gateway.Proxy validate FILE

        Starts the gateway. Its settings stand in yarp.json and appsettings.json beside the program, in environment variables
        (Gateway__Redis__Configuration) and in arguments, of which the later win:

          --Gateway:Etcd:Endpoints=http://10.0.0.1:2379   where sub-services register
          --Gateway:Redis:Configuration=10.0.0.2:6379     where login sessions are
          --Gateway:RoutesFile=/etc/gateway/yarp.json     other routes than those beside the program

        validate says what is wrong with a routes file, and starts nothing. All settings are in docs/configuration.md.
        """);
    return 0;
}

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
