using System.ComponentModel;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Client;

/// <summary>The client in TypeScript with its tests, made into something that Node runs. Once for all tests.</summary>
internal static class ClientBuild
{
    private const string Cure = "These tests need Node 20.19 or later with npm, and 'npm ci' in clients/typescript. test.sh sees to both.";

    private const string Tests = "node_modules/.tests/test";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task> Built = new(BuildAsync);

    public static string Folder => Path.Combine(RepositoryFolder.Path, "clients/typescript");

    /// <summary>Done when the messages are generated and the scripts compiled.</summary>
    public static Task BuiltAsync() => Built.Value;

    /// <summary>Starts one of the built scripts.</summary>
    public static async Task<ChildProcess> StartAsync(string script, params string[] arguments)
    {
        await BuiltAsync();
        return Start(Folder, ["node", $"{Tests}/{script}.js", .. arguments]);
    }

    /// <summary>Runs the client's own tests; returns what they write, in the form of the Test Anything Protocol.</summary>
    public static async Task<string> TestAsync()
    {
        await BuiltAsync();
        var files = Directory.EnumerateFiles(Path.Combine(Folder, Tests), "*.test.js");
        using var tests = Start(Folder, ["node", "--test", "--test-reporter=tap", .. files]);
        await tests.ExitCodeAsync(Limit);
        return tests.Output;
    }

    /// <summary>Runs a command to its good end; returns what it writes.</summary>
    public static async Task<string> RunAsync(string folder, params string[] command)
    {
        using var run = Start(folder, command);
        Assert.That(await run.ExitCodeAsync(Limit), Is.Zero, () => $"{run.Output}\n{Cure}");
        return run.Output;
    }

    private static async Task BuildAsync()
    {
        Assert.That(Directory.Exists(Path.Combine(Folder, "node_modules")), Is.True, Cure);
        await RunAsync(Folder, "npm", "run", "--silent", "build:test");
    }

    public static ChildProcess Start(string folder, params string[] command)
    {
        try
        {
            return ChildProcess.Start(folder, [], command);
        }
        catch (Win32Exception error)
        {
            Assert.Fail($"{error.Message}. {Cure}");
            throw;
        }
    }
}
