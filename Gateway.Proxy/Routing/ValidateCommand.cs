using Gateway.Proxy.Hosting;

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

        if (errors.Count == 0)
        {
            output.WriteLine("ok");
        }

        return errors.Count == 0 ? 0 : 1;
    }

    /// <summary>Every mistake in a routes file, with the other sources of settings on top of it.</summary>
    internal static IReadOnlyList<string> FindErrors(string file)
    {
        try
        {
            var builder = GatewayHost.CreateBuilder([], host =>
                host.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [RouteFile.Setting] = file }));
            using var services = builder.Services.BuildServiceProvider();
            return services.GetRequiredService<RouteValidator>().FindErrorsAsync().GetAwaiter().GetResult();
        }
        catch (Exception exception) when (StartFailure.Describe(exception) is { } reasons)
        {
            return reasons;
        }
    }
}
