using System.Text.Json;
using Gateway.Chaos.Parts;

namespace Gateway.Tests.Support;

/// <summary>
/// The build stage of one of the repository's Dockerfiles, carried out in a folder of its own: what it copies is all there is, and what it
/// runs is run as it is written.
/// </summary>
internal sealed class Dockerfile
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly string _repository;
    private readonly string[] _lines;

    private Dockerfile(string repository, string name)
    {
        _repository = repository;
        _lines = File.ReadAllLines(Path.Combine(repository, name));
    }

    /// <param name="name">Its path in the repository.</param>
    public static Dockerfile Open(string name = "Dockerfile")
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dockerfile")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("No folder above the tests has a Dockerfile");
        }

        return new Dockerfile(folder.FullName, name);
    }

    /// <summary>The program to start and its arguments, with /app moved to <paramref name="app"/>.</summary>
    public string[] EntryPoint(string app) =>
        [.. JsonSerializer.Deserialize<string[]>(Single("ENTRYPOINT "))!.Select(part => part.Replace("/app", app, StringComparison.Ordinal))];

    /// <summary>What the first stage takes from the repository, by the first part of its path.</summary>
    public IEnumerable<string> CopiedFromRepository() => _lines
        .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
        .SelectMany(line => line.Split(' ')[1..^1])
        .Select(path => path.Split('/')[0])
        .Distinct();

    /// <summary>What .dockerignore lets through.</summary>
    public IEnumerable<string> LetThrough() =>
        File.ReadAllLines(Path.Combine(_repository, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]);

    public bool Has(string line) => _lines.Contains(line);

    /// <summary>The variables of the last stage.</summary>
    public Dictionary<string, string> Environment() => _lines
        .Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
        .Select(line => line[4..].Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>Carries out the first stage, line by line.</summary>
    /// <param name="source">An empty folder, for what is copied.</param>
    /// <param name="app">Where /app is to be.</param>
    public async Task BuildAsync(string source, string app)
    {
        var stage = _lines.SkipWhile(line => !line.StartsWith("FROM ", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("FROM ", StringComparison.Ordinal));
        foreach (var line in stage)
        {
            if (line.StartsWith("COPY ", StringComparison.Ordinal))
            {
                Copy(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..], source);
            }
            else if (line.StartsWith("RUN ", StringComparison.Ordinal))
            {
                await RunAsync(line[4..].Replace("/app", app, StringComparison.Ordinal), source);
            }
        }
    }

    private string Single(string instruction) =>
        _lines.Single(line => line.StartsWith(instruction, StringComparison.Ordinal))[instruction.Length..];

    private void Copy(string[] paths, string source)
    {
        var target = Path.Combine(source, paths[^1]);
        foreach (var path in paths[..^1].Select(path => Path.Combine(_repository, path)))
        {
            if (File.Exists(path))
            {
                Directory.CreateDirectory(target);
                File.Copy(path, Path.Combine(target, Path.GetFileName(path)), overwrite: true);
            }
            else
            {
                // As .dockerignore says.
                Folders.Copy(path, target, except: ["bin", "obj"]);
            }
        }
    }

    private static async Task RunAsync(string command, string folder)
    {
        // To a file, because a compiler server that the command leaves behind would hold a pipe open.
        const string Log = "run.log";
        using var process = ChildProcess.Start(folder, new()
        {
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_NOLOGO"] = "1",
            // The same code has just been analysed by the build of the tests.
            ["RunAnalyzers"] = "false",
        }, "sh", "-c", $"({command}) > {Log} 2>&1");
        var exitCode = await process.ExitCodeAsync(Limit);
        Assert.That(exitCode, Is.Zero, () => $"{command}\n{File.ReadAllText(Path.Combine(folder, Log))}");
    }
}
