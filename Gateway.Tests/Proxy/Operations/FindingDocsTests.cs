using System.Reflection;
using System.Text.RegularExpressions;
using Gateway.Proxy.Operations.Health;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Operations;

/// <summary>What an operator reads of a gateway stands in the runbook in the same words.</summary>
[TestFixture]
internal sealed partial class FindingDocsTests
{
    [TestCase(Severity.NotReady, "notReady")]
    [TestCase(Severity.Outage, "outages")]
    [TestCase(Severity.Degraded, "degraded")]
    public void Runbook_HasASentenceForEachFindingAndNoOther(Severity severity, string table)
    {
        var runbook = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "operations.md"));
        var rows = runbook[runbook.IndexOf($"| in `{table}` |", StringComparison.Ordinal)..].Split("\n\n")[0].Split('\n')[2..];

        Assert.That(
            rows.Select(row => FirstCell().Match(row).Groups[1].Value),
            Is.EqualTo(Finding.All.Where(finding => finding.Severity == severity).Select(finding => finding.InRunbook)));
    }

    [Test]
    public void All_AreAllThereAre() => Assert.That(
        Finding.All,
        Is.EquivalentTo(typeof(Finding).GetProperties(BindingFlags.Static | BindingFlags.Public).Where(property => property.PropertyType == typeof(Finding)).Select(property => property.GetValue(null))));

    [GeneratedRegex(@"^\| (.+?) \|")]
    private static partial Regex FirstCell();
}
