using ChatDemo.Hosting;
using ChatDemo.Smoke;
using ChatDemo.Storage;
using Gateway.Proxy.Hosting;

DemoOptions options;
try
{
    options = DemoOptions.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

if (options.Listen is not null)
{
    return await Listener.ListenAsync(options, Console.Error);
}

var temporary = options.Smoke && options.Data is null ? Directory.CreateTempSubdirectory("chat-demo-") : null;
try
{
    var folder = new DataFolder(temporary?.FullName ?? options.Data ?? "samples/ChatDemo/data");
    await using var demo = await DemoHost.StartAsync(options, folder);
    if (options.Smoke)
    {
        return await SmokeRun.PlayAsync(demo);
    }

    demo.Codes.Sent += (phone, code) => Console.WriteLine($"Verification code for {phone}: {code}");
    Console.WriteLine(demo.Welcome(folder));
    await demo.WaitForShutdownAsync();
    return 0;
}
catch (StartException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    // Ctrl-C while it was still starting.
    return 0;
}
catch (Exception e) when (StartFailure.Describe(e) is { } reasons)
{
    Console.Error.WriteLine(string.Join(Environment.NewLine, reasons));
    return 1;
}
finally
{
    temporary?.Delete(recursive: true);
}
