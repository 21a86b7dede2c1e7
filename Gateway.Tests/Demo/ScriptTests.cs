using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Demo;

/// <summary>What the scripts say before they build anything, on a machine that has nothing but sh.</summary>
[TestFixture]
[Servers]
internal sealed class ScriptTests
{
    private DirectoryInfo _programs = null!;

    private static IEnumerable<string> Scripts => new[] { ".", "deploy", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Path, folder), "*.sh"))
        .Select(file => Path.GetRelativePath(RepositoryFolder.Path, file));

    /// <summary>The whole PATH: nothing, until a test puts something there.</summary>
    [SetUp]
    public void SetUp() => _programs = Directory.CreateTempSubdirectory("gateway-script-");

    [TearDown]
    public void TearDown() => _programs.Delete(recursive: true);

    [Test]
    public void Scripts_OfThisRepository_AreFound() =>
        Assert.That(Scripts, Is.SupersetOf(new[] { "demo.sh", "test.sh", "deploy/native.sh", "bench/run.sh", "bench/micro.sh", "bench/chaos.sh" }));

    [TestCaseSource(nameof(Scripts))]
    public async Task Help_WithNothingInstalled_PrintsUsageAlone(string script)
    {
        var (code, output) = await RunAsync(script, "--help");

        Assert.That(output, Does.Match($@"\Ausage: (\./)?{script}(.*\n)+?  --help +this text\s*\Z"));
        Assert.That(code, Is.Zero);
    }

    [TestCaseSource(nameof(Scripts))]
    public async Task Start_WithoutDotnet_NamesTheSdkAndNothingElse(string script)
    {
        var (code, output) = await RunAsync(script);

        Assert.That(output, Does.EndWith($"{script}: dotnet is missing. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"));
        Assert.That(output.Split('\n'), Has.Length.EqualTo(1));
        Assert.That(code, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Scripts))]
    public async Task Start_UnknownOption_IsRefusedWithUsage(string script)
    {
        var (code, output) = await RunAsync(script, "--fas");

        Assert.That(output, Does.Match($@"{script}: '--fas' is not known\.\nusage: (\./)?{script}"));
        Assert.That(code, Is.EqualTo(2));
    }

    [TestCase("test.sh")]
    [TestCase("deploy/native.sh")]
    public async Task Start_WordWhereNoneIsTaken_IsRefusedWithUsage(string script)
    {
        var (code, output) = await RunAsync(script, "fast");

        Assert.That(output, Does.Match($@"{script}: 'fast' is not known\.\nusage: "));
        Assert.That(code, Is.EqualTo(2));
    }

    [Test]
    public async Task Demo_BeforeTheBuild_SaysWhatComes()
    {
        var dotnet = Path.Combine(_programs.FullName, "dotnet");
        await File.WriteAllTextAsync(dotnet, "#!/bin/sh\n[ $1 != build ] || { echo the build; exit 1; }\n");
        using var chmod = ChildProcess.Start(_programs.FullName, [], "chmod", "+x", dotnet);
        Assert.That(await chmod.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.Zero);

        var (code, output) = await RunAsync("demo.sh");

        Assert.That(output, Does.Match("^Building the demo, then starting it.*\nthe build\n.*demo.sh: the build failed, see above$"));
        Assert.That(code, Is.EqualTo(1));
    }

    private async Task<(int Code, string Output)> RunAsync(string script, params string[] arguments)
    {
        using var sh = ChildProcess.Start(
            _programs.FullName, new() { ["PATH"] = _programs.FullName }, [Path.Combine(RepositoryFolder.Path, script), .. arguments]);
        var code = await sh.ExitCodeAsync(TimeSpan.FromSeconds(30));
        return (code, sh.Output.Trim());
    }
}
