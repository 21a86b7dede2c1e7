using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>A folder of a test's own with a yarp.json, changed in the ways that operators and their tools change files.</summary>
internal sealed class RouteFolder : IDisposable
{
    private const string Data = "..data";

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-routes-").FullName;
    private int _swaps;

    /// <summary>The path of yarp.json.</summary>
    public string File => PathOf("yarp.json");

    public string PathOf(params string[] names) => Path.Combine([_folder, .. names]);

    /// <summary>Writes into the file as it stands there.</summary>
    public void Write(string text, params string[] names)
    {
        var path = names.Length == 0 ? File : PathOf(names);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
    }

    /// <summary>Writes another file and gives it the name, as careful editors do.</summary>
    public void Replace(string text)
    {
        System.IO.File.WriteAllText(File + ".new", text);
        System.IO.File.Move(File + ".new", File, overwrite: true);
    }

    /// <summary>Swaps the whole content as Kubernetes does with a ConfigMap: the file is a link through a link, and the latter is replaced.</summary>
    public void Swap(string text)
    {
        var version = $"..{++_swaps}";
        Write(text, version, "yarp.json");
        if (new FileInfo(File).LinkTarget is null)
        {
            System.IO.File.Delete(File);
            Directory.CreateSymbolicLink(PathOf(Data), version);
            System.IO.File.CreateSymbolicLink(File, Path.Combine(Data, "yarp.json"));
            return;
        }

        Directory.CreateSymbolicLink(PathOf(Data + "_new"), version);
        // The framework moves no link to a folder over another.
        using var move = Process.Start("mv", ["-T", PathOf(Data + "_new"), PathOf(Data)]);
        Assert.That(move.WaitForExit(TimeSpan.FromSeconds(30)), Is.True);
        Assert.That(move.ExitCode, Is.Zero);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
