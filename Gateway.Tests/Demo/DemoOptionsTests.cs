using System.Text.RegularExpressions;
using ChatDemo.Hosting;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Demo;

[TestFixture]
internal sealed partial class DemoOptionsTests
{
    private static IEnumerable<string> UsageOptions =>
        File.ReadLines(Path.Combine(RepositoryFolder.Path, "demo.sh")).Select(line => Option().Match(line)).Where(match => match.Success).Select(match => match.Value[4..]);

    /// <summary>The script refuses what its usage does not have, and leaves the rest to the demo.</summary>
    [Test]
    public void Parse_OptionsOfTheUsage_AreKnown()
    {
        var unknown = UsageOptions.Where(option => option != "--help").Where(option => !IsKnown(option));

        Assert.That(UsageOptions, Does.Contain("--management-port").And.Contain("--data"));
        Assert.That(unknown, Is.Empty);
    }

    [Test]
    public void Parse_ManagementPort_IsTaken() =>
        Assert.That(DemoOptions.Parse(["--management-port", "9100"]).ManagementPort, Is.EqualTo(9100));

    [Test]
    public void Parse_UnknownOption_PointsToTheUsage() =>
        Assert.That(() => DemoOptions.Parse(["--port"]), Throws.TypeOf<UsageException>().With.Message.EqualTo("Unknown argument '--port'; ./demo.sh --help lists the known ones."));

    private static bool IsKnown(string option)
    {
        try
        {
            DemoOptions.Parse([option]);
            return true;
        }
        catch (UsageException e)
        {
            return e.Message.StartsWith($"{option} has no value", StringComparison.Ordinal);
        }
    }

    [GeneratedRegex("^#   --[a-z-]+")]
    private static partial Regex Option();
}
