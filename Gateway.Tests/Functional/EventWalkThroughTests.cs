using System.Text.RegularExpressions;
using ChatDemo.Hosting;
using ChatDemo.Storage;
using Gateway.Tests.Browser;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>"An event of your own, in ten minutes" of docs/events.md, followed to the letter.</summary>
[TestFixture]
[Servers]
internal sealed partial class EventWalkThroughTests
{
    private const string Cure = "This test needs bash, curl and protoc: 'apt-get install protobuf-compiler curl', or run test.sh.";

    private DirectoryInfo _folder = null!;

    private string Mine => Path.Combine(_folder.FullName, "mine");

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("gateway-walk-");

    [TearDown]
    public void TearDown() => _folder.Delete(recursive: true);

    [Test]
    public async Task Steps_OneAfterAnother_LeadToTheEventThatIsShown()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Path, "docs/events.md"));
        var section = document.Split("\n## ").Single(part => part.StartsWith("An event of your own", StringComparison.Ordinal));
        var steps = Step().Matches(section).Select(step => step.Groups[1].Value.Replace("/tmp/mine", Mine, StringComparison.Ordinal)).ToList();
        Assert.That(steps, Has.Count.EqualTo(7), "start, message, route, validate, user, socket, call");
        var (message, route, user, socket, call) = (steps[1], steps[2], steps[4], steps[5], steps[6]);

        Directory.CreateDirectory(Mine);
        await RunAsync(message + route);
        // Starts only if there is no mistake in what has just been written.
        var options = BrowserFixture.OnFreePorts() with { Smoke = true, Routes = Mine };
        await using var demo = await DemoHost.StartAsync(options, new DataFolder(Path.Combine(_folder.FullName, "data"))).DefaultTimeout();
        user = user.Replace("http://127.0.0.1:9000/", demo.GatewayAddress.ToString(), StringComparison.Ordinal);
        var loggedIn = await RunAsync(user + "echo session=$session");
        Assert.That(loggedIn, Does.Match(Session().ToString()));
        var session = Session().Match(loggedIn).Groups[1].Value;
        await using var client = await ExtendedClient.JoinAsync(demo.WebSocketAddress, session);
        var answer = await RunAsync($"{Function().Match(user)}\nsession={session}\n{call}");
        var heard = Path.Combine(_folder.FullName, "event");
        await File.WriteAllBytesAsync(heard, (await client.ReceiveEventAsync()).Notify.ToByteArray());
        var shown = await RunAsync($"{socket.Trim().TrimEnd('&').Split('|')[1]} < {heard}");

        Assert.That(answer, Does.Contain("success: true"));
        Assert.That(WithoutId(shown), Is.EqualTo(WithoutId(Shown().Match(section).Groups[1].Value)));
    }

    private static async Task<string> RunAsync(string script)
    {
        using var bash = ChildProcess.Start(RepositoryFolder.Path, [], "bash", "-c", $"set -euo pipefail\n{script}");
        var code = await bash.ExitCodeAsync(TimeSpan.FromSeconds(30));
        Assert.That(code, Is.Zero, () => $"{script}\n{bash.Output}\n{Cure}");
        return bash.Output;
    }

    private static string WithoutId(string text) => Id().Replace(text, "user_id").Trim();

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Step();

    [GeneratedRegex("```\n(notify_type.*?)```", RegexOptions.Singleline)]
    private static partial Regex Shown();

    [GeneratedRegex("^call\\(\\) \\{.*?^\\}", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex("session=([0-9a-f]{32})")]
    private static partial Regex Session();

    [GeneratedRegex("user_id: \"[^\"]+\"")]
    private static partial Regex Id();
}
