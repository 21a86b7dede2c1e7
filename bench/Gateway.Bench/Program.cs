using System.Globalization;
using Gateway.Bench.Scenarios;
using Gateway.Bench.Servers;

switch (args)
{
    case ["sub-service", var http1Port, var http2Port, var brpcPort]:
        await SubService.RunAsync(int.Parse(http1Port, CultureInfo.InvariantCulture), int.Parse(http2Port, CultureInfo.InvariantCulture), int.Parse(brpcPort, CultureInfo.InvariantCulture));
        return 0;
    case ["plain-yarp", var port, var destination, var version]:
        await PlainYarp.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), destination, Version.Parse(version));
        return 0;
    case ["memory-gateway", .. var settings]:
        await MemoryGateway.RunAsync(settings);
        return 0;
    case ["run", var gateway, var native, .. var names]:
        using (var suite = new Suite(gateway, native, names.Contains("--quick") ? Plan.Quick : Plan.Full, hub: names.Contains("--hub")))
        {
            string[] wanted = [.. names.Where(name => name is not ("--quick" or "--hub"))];
            if (wanted.Except(suite.ScenarioNames).FirstOrDefault() is { } unknown)
            {
                Console.Error.WriteLine($"There is no scenario '{unknown}'; there are: {string.Join(", ", suite.ScenarioNames)}.");
                return 2;
            }

            await suite.RunAsync(wanted);
            return 0;
        }

    default:
        Console.Error.WriteLine("Run bench/run.sh.");
        return 2;
}
