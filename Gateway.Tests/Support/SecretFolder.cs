using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>A folder of files that is swapped as Kubernetes swaps a Secret: each file is a link through a link, and the latter is replaced.</summary>
internal sealed class SecretFolder : IDisposable
{
    private const string Data = "..data";

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-secret-").FullName;
    private int _swaps;

    public string PathOf(string name) => Path.Combine(_folder, name);

    public void Swap(params (string Name, string Text)[] files)
    {
        var version = $"..{++_swaps}";
        Directory.CreateDirectory(PathOf(version));
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(_folder, version, name), text);
            if (new FileInfo(PathOf(name)).LinkTarget is null)
            {
                File.CreateSymbolicLink(PathOf(name), Path.Combine(Data, name));
            }
        }

        Directory.CreateSymbolicLink(PathOf(Data + "_new"), version);
        // The framework moves no link to a folder over another.
        using var move = Process.Start("mv", ["-T", PathOf(Data + "_new"), PathOf(Data)]);
        Assert.That(move.WaitForExit(TimeSpan.FromSeconds(30)), Is.True);
        Assert.That(move.ExitCode, Is.Zero);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
