using System.Text.RegularExpressions;

namespace Gateway.Tests.Proxy.Hosting;

/// <summary>What readers of the documentation click on.</summary>
[TestFixture]
internal sealed partial class DocumentLinksTests
{
    private static IEnumerable<string> Documents =>
        new[] { ".", "bench", "clients/typescript", "Gateway.Notify", "Gateway.Proxy", "Gateway.Transforms" }.Select(folder => (folder, SearchOption.TopDirectoryOnly))
            .Concat(new[] { "docs", "deploy" }.Select(folder => (folder, SearchOption.AllDirectories)))
            .SelectMany(place => Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Path, place.Item1), "*.md", place.Item2))
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal))
            .Concat(new[] { "alerts.yaml", "slo.yaml" }.Select(file => Path.Combine(RepositoryFolder.Path, "deploy", "examples", file)))
            .Select(file => Path.GetRelativePath(RepositoryFolder.Path, file));

    [TestCaseSource(nameof(Documents))]
    public void Links_LeadToFilesAndHeadingsThatExist(string document)
    {
        var file = Path.Combine(RepositoryFolder.Path, document);
        var text = File.ReadAllText(file);
        var broken =
            from link in InText().Matches(text).Select(match => (Target: match.Groups[1].Value, Folder: Path.GetDirectoryName(file)!))
                .Concat(InRunbooks().Matches(text).Select(match => (Target: match.Groups[1].Value, Folder: RepositoryFolder.Path)))
            where !link.Target.Contains("://", StringComparison.Ordinal) && !Exists(link.Target, link.Folder, file)
            select link.Target;

        Assert.That(broken, Is.Empty);
    }

    /// <summary>Whether there is the file, and the heading of it, that a link leads to.</summary>
    /// <param name="target">As the link has it.</param>
    /// <param name="folder">Of the document with the link.</param>
    /// <param name="self">That document, for links to headings of its own.</param>
    internal static bool Exists(string target, string folder, string self = "")
    {
        var (path, heading) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var file = path.Length == 0 ? self : Path.Combine(folder, path);
        return heading is null ? Path.Exists(file) : File.Exists(file) && Headings(File.ReadLines(file)).Contains(heading);
    }

    /// <summary>As GitHub makes them from the text of a heading.</summary>
    private static IEnumerable<string> Headings(IEnumerable<string> lines) =>
        from line in lines
        where line.StartsWith('#')
        let words = line.TrimStart('#').Trim().ToLowerInvariant()
        select NoLetter().Replace(words, "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex InText();

    [GeneratedRegex(@"^\s*runbook: (\S+)$", RegexOptions.Multiline)]
    private static partial Regex InRunbooks();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoLetter();
}
