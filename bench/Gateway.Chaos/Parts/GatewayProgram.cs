namespace Gateway.Chaos.Parts;

/// <summary>
/// The gateway as the program that operators start: the one that was built with what starts it, or another build that <c>GATEWAY_PROGRAM</c>
/// names, as <c>deploy/native.sh</c> does.
/// </summary>
internal static class GatewayProgram
{
    private const string Variable = "GATEWAY_PROGRAM";

    private static readonly string? Other = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Where it lies, with the yarp.json that is shipped beside it.</summary>
    public static string Folder => Other is null ? AppContext.BaseDirectory
        : File.Exists(Other) ? Path.GetDirectoryName(Other)!
        : throw new InvalidOperationException($"{Variable} is '{Other}', which is no file; name the program of a published gateway, or unset it.");

    /// <summary>What starts it.</summary>
    public static string[] Command => Other is null ? ["dotnet", Path.Combine(Folder, "Gateway.Proxy.dll")] : [Path.Combine(Folder, Path.GetFileName(Other))];
}
