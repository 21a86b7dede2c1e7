using System.Text.RegularExpressions;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Deploy;

/// <summary>The dashboard of deploy/examples as something to look at.</summary>
[TestFixture]
internal sealed partial class DashboardTests
{
    [Test]
    public void Panels_HaveAUnit_AndTheChosenSource()
    {
        Assert.That(MonitoringFiles.Panels.Select(panel => $"{panel["id"]}"), Is.Unique);
        foreach (var panel in MonitoringFiles.Panels)
        {
            Assert.That($"{panel["datasource"]!["uid"]}", Is.EqualTo("${datasource}"), $"{panel["title"]}");
            Assert.That($"{panel["fieldConfig"]!["defaults"]!["unit"]}", Is.Not.Empty, $"{panel["title"]}");
        }
    }

    [Test]
    public void Panels_DoNotOverlap()
    {
        var cells = MonitoringFiles.Board["panels"]!.AsArray().Select(panel => panel!["gridPos"]!).SelectMany(place =>
            from x in Enumerable.Range((int)place["x"]!, (int)place["w"]!)
            from y in Enumerable.Range((int)place["y"]!, (int)place["h"]!)
            select (x, y)).ToList();
        Assert.That(cells, Is.Unique);
        Assert.That(cells.Select(cell => cell.x), Has.All.LessThan(24));
    }

    [Test]
    public void Runbooks_OfPanels_Exist()
    {
        var named = MonitoringFiles.Panels.SelectMany(panel => Document().Matches($"{panel["description"]}")).Select(match => match.Value).Distinct().ToList();

        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Where(link => !DocumentLinksTests.Exists(link, RepositoryFolder.Path)), Is.Empty);
    }

    [GeneratedRegex(@"docs/[a-z-]+\.md#[a-z-]+")]
    private static partial Regex Document();
}
