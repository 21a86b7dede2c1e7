using System.ComponentModel;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Client;

/// <summary>The client library of the demo's page with its tests, made into something that Node runs. Once for all tests.</summary>
internal static class ClientBuild
{
    private const string Cure = "These tests need Node 20.19 or later with npm, and 'npm ci' in samples/ChatDemo/web. test.sh sees to both.";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly Lazy<Task> Built = new(BuildAsync);

    private static string Folder => Path.Combine(RepositoryFolder.Path, "samples/ChatDemo/web");

    /// <summary>Starts one of the built scripts.</summary>
    public static async Task<ChildProcess> StartAsync(string script, params string[] arguments)
    {
        await Built.Value;
        return Start(["node", "--experimental-websocket", "--no-warnings", $"node_modules/.client-tests/{script}.mjs", .. arguments]);
    }

    /// <summary>Runs the library's own tests; returns what they write, in the form of the Test Anything Protocol.</summary>
    public static async Task<string> TestAsync()
    {
        await Built.Value;
        string[] files = ["node_modules/.client-tests/vectors.test.mjs", "node_modules/.client-tests/socket.test.mjs"];
        using var tests = Start(["node", "--test", "--test-reporter=tap", .. files]);
        await tests.ExitCodeAsync(Limit);
        return tests.Output;
    }

    private static async Task BuildAsync()
    {
        Assert.That(Directory.Exists(Path.Combine(Folder, "node_modules")), Is.True, Cure);
        using var build = Start(["npm", "run", "--silent", "build:test"]);
        Assert.That(await build.ExitCodeAsync(Limit), Is.Zero, () => $"{build.Output}\n{Cure}");
    }

    private static ChildProcess Start(string[] command)
    {
        try
        {
            return ChildProcess.Start(Folder, [], command);
        }
        catch (Win32Exception error)
        {
            Assert.Fail($"{error.Message}. {Cure}");
            throw;
        }
    }
}
