using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;

namespace Gateway.Proxy.Routing;

/// <summary>Finds and reads the operator's yarp.json.</summary>
internal static class RouteFile
{
    /// <summary>The setting that names the file; a relative path is taken from the folder of the program.</summary>
    public const string Setting = "Gateway:RoutesFile";

    private const string DefaultName = "yarp.json";

    /// <summary>
    /// Puts the file's content below the other sources of settings, so that an environment variable such as
    /// <c>ReverseProxy__Clusters__user__Destinations__a__Address</c> wins over it.
    /// </summary>
    /// <exception cref="ConfigurationRefusedException">The file is missing or is not JSON.</exception>
    public static void AddRouteFile(this WebApplicationBuilder builder)
    {
        var path = Path.GetFullPath(builder.Configuration[Setting] ?? DefaultName, builder.Environment.ContentRootPath);
        if (!File.Exists(path))
        {
            throw new ConfigurationRefusedException(
                [$"The routes file '{path}' does not exist; put one there, or name another with {Setting}."]);
        }

        var source = new JsonConfigurationSource { Path = path };
        source.ResolveFileProvider();
        try
        {
            builder.Configuration.Sources.Insert(0, source);
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException)
        {
            throw new ConfigurationRefusedException([$"The routes file '{path}' cannot be read: {Reason(exception)}"], exception);
        }
    }

    private static string Reason(Exception exception)
    {
        var cause = exception.GetBaseException();
        return cause is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
            ? $"line {line + 1}, byte {column + 1}: {cause.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}"
            : cause.Message;
    }
}
