using Gateway.Notify.Protocol;

namespace Gateway.Tests.Notify.Protocol;

[TestFixture]
internal sealed class CloseCodeDocsTests
{
    [Test]
    public void CloseCodes_OfTheCode_AreThoseOfTheDocument()
    {
        var root = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Gateway.sln")))
        {
            root = root.Parent!;
        }

        var documented = File.ReadLines(Path.Combine(root.FullName, "docs", "close-codes.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length > 4 && int.TryParse(cells[1], out _))
            .Select(cells => (int.Parse(cells[1]), cells[2], cells[3] == "yes"));
        Assert.That(documented, Is.EquivalentTo(CloseReason.All.Select(reason => (reason.Code, reason.Text, reason.Reconnect))));
        Assert.That(CloseReason.All.Select(reason => reason.Code), Is.Unique);
    }
}
