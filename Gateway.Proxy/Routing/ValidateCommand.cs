using Gateway.Proxy.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Routing;

/// <summary><c>validate FILE</c>: says what is wrong with a routes file, without starting anything.</summary>
public static class ValidateCommand
{
    /// <summary>Writes every mistake on a line of its own and returns 1, or <c>ok</c> and 0; 2 when the command itself is wrong.</summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is not [var file])
        {
            error.WriteLine("Usage: Gateway.Proxy validate FILE");
            return 2;
        }

        var errors = FindErrors(Path.GetFullPath(file));
        foreach (var line in errors)
        {
            output.WriteLine(line);
        }

        if (errors.Length == 0)
        {
            output.WriteLine("ok");
        }

        return errors.Length == 0 ? 0 : 1;
    }

    private static string[] FindErrors(string file)
    {
        List<string> errors = [];
        Collect(errors, () =>
        {
            var location = new Dictionary<string, string?> { [RouteFile.Setting] = file };
            var builder = GatewayHost.CreateBuilder([], host => host.Configuration.AddInMemoryCollection(location));
            using var services = builder.Services.BuildServiceProvider();
            Collect(errors, () => services.GetService<IStartupValidator>()?.Validate());
            var loader = services.GetRequiredService<RouteLoader>();
            loader.LoadAsync(loader.Read(), CancellationToken.None).GetAwaiter().GetResult();
        });
        // A setting out of its range is found again by a route that needs it.
        return [.. errors.Distinct()];
    }

    private static void Collect(List<string> errors, Action check)
    {
        try
        {
            check();
        }
        catch (Exception exception) when (StartFailure.Describe(exception) is { } reasons)
        {
            errors.AddRange(reasons);
        }
    }
}
