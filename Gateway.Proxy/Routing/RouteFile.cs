using Gateway.Proxy.Hosting;

namespace Gateway.Proxy.Routing;

/// <summary>Where the operator's routes are: yarp.json, and the folder of further files beside it.</summary>
/// <param name="Path">The full path of the file.</param>
/// <param name="Folder">The full path of the folder; it need not exist unless a setting names it.</param>
/// <param name="FolderIsNamed">A setting names the folder.</param>
internal sealed record RouteFile(string Path, string Folder, bool FolderIsNamed)
{
    /// <summary>The setting that names the file; a relative path is taken from the folder of the program.</summary>
    public const string Setting = "Gateway:RoutesFile";

    /// <summary>The setting that names the folder; a relative path is taken from the folder of the file.</summary>
    public const string FolderSetting = "Gateway:RoutesFolder";

    private const string DefaultName = "yarp.json";
    private const string DefaultFolder = "routes.d";

    /// <summary>
    /// Reads the settings of both from sources other than the file itself, which therefore cannot name its own folder.
    /// </summary>
    public static RouteFile Locate(IConfiguration configuration, string programFolder)
    {
        var path = System.IO.Path.GetFullPath(configuration[Setting] ?? DefaultName, programFolder);
        var folder = configuration[FolderSetting];
        return new RouteFile(path, System.IO.Path.GetFullPath(folder ?? DefaultFolder, System.IO.Path.GetDirectoryName(path) ?? path), folder is not null);
    }

    /// <summary>A gateway that only serves sockets has no routes; a file that somebody names has to be there all the same.</summary>
    public static bool IsNeeded(IConfiguration configuration) =>
        configuration[Setting] is not null || RoleExtensions.RolesOf(configuration).IsProxy;
}
