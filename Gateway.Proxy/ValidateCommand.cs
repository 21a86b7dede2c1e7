using Gateway.Proxy.Hosting;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Routes;

namespace Gateway.Proxy;

/// <summary><c>validate FILE</c>: says what is wrong with a routes file, without starting anything.</summary>
public static class ValidateCommand
{
    private const string Usage = "Usage: Gateway.Proxy validate FILE";

    /// <summary>
    /// Writes every mistake on a line of its own and returns 1, or what is good to know and <c>ok</c> and returns 0; 2 when the command itself is
    /// wrong.
    /// </summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is ["--help" or "-h", ..])
        {
            output.WriteLine(Usage);
            return 0;
        }

        if (args is not [var file])
        {
            error.WriteLine(Usage);
            return 2;
        }

        List<string> notes = [];
        var errors = FindErrors(Path.GetFullPath(file), notes);
        foreach (var line in errors.Count > 0 ? errors : notes.Select(note => $"Note: {note}"))
        {
            output.WriteLine(line);
        }

        if (errors.Count == 0)
        {
            output.WriteLine("ok");
        }

        return errors.Count == 0 ? 0 : 1;
    }

    /// <summary>Every mistake in a routes file, with the other sources of settings on top of it.</summary>
    /// <param name="file">Its full path.</param>
    /// <param name="notes">Gets what is good to know and no mistake.</param>
    private static IReadOnlyList<string> FindErrors(string file, List<string> notes)
    {
        try
        {
            var location = new Dictionary<string, string?> { [RouteFile.Setting] = file };
            var builder = GatewayHost.CreateBuilder([], host => host.Configuration.AddInMemoryCollection(location));
            var check = new StartCheck(builder);
            check.CheckSettings();
            using var services = builder.Services.BuildServiceProvider();
            check.CheckLimits(services);
            if (check.Errors.Count > 0)
            {
                check.CheckRoutes();
                return check.Errors;
            }

            var loader = services.GetRequiredService<RouteLoader>();
            var set = loader.LoadAsync(loader.Read(), CancellationToken.None).GetAwaiter().GetResult();
            notes.AddRange(services.GetRequiredService<RouteChecks>().FindNotes(set.Routes));
            return [];
        }
        catch (Exception exception) when (StartFailure.Describe(exception) is { } reasons)
        {
            return reasons;
        }
    }
}
