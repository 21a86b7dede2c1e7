using System.Text.RegularExpressions;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Architecture;

/// <summary>
/// Which folder of a project uses which. The lists are whole: a new arrow fails as well as one that no longer exists. Read from the sources, for the
/// compiler keeps no trace of constants; it does see to it that there is no <c>using</c> in vain.
/// </summary>
[TestFixture]
internal sealed partial class FolderDependencyTests
{
    /// <summary>What lies in no folder. It may use all of them, so only who uses it is listed.</summary>
    private const string Top = "top";

    private static readonly Dictionary<string, Dictionary<string, string[]>> Projects = new()
    {
        ["Gateway.Proxy"] = new()
        {
            ["Settings"] = [],
            ["Telemetry"] = ["Settings"],
            ["Tls"] = ["Settings", "Telemetry"],
            // Ports with TLS are ports.
            ["Hosting"] = ["Settings", "Tls"],
            ["Redis"] = ["Settings", "Tls"],
            // Of the host it needs how to write what others have registered into a log.
            ["Discovery"] = ["Hosting", "Settings", "Tls"],
            // A token is checked as a session is looked up.
            ["Sessions"] = ["Redis", "Settings", "Telemetry", "Tokens"],
            ["Tokens"] = ["Redis", "Settings", "Telemetry"],
            // A shared limit waits for Redis as long as a session look-up does.
            ["Limits"] = ["Redis", "Sessions", "Settings", "Telemetry"],
            // The zone of a destination is what its source says.
            ["Destinations"] = ["Discovery", "Telemetry", "Tls"],
            ["Resilience"] = ["Destinations", "Telemetry"],
            // Who nobody knows is told apart by address as for a limit; and a canary of drained instances is none.
            ["Canary"] = ["Destinations", "Limits", "Telemetry"],
            // It joins the hub with the rest.
            ["Hub"] = ["Hosting", "Redis", "Sessions", "Settings", "Telemetry"],
            // The check of routes and clusters asks everybody whose settings stand in them.
            ["Routing"] = ["Canary", "Discovery", "Hosting", "Hub", "Limits", "Resilience", "Settings", "Telemetry", "Tls"],
            // Its port is one of the host's, and the messages it knows are those of the routes.
            ["Push"] = ["Hosting", "Hub", "Routing", "Settings", "Telemetry", "Tls"],
            // It reports on everything, and nothing knows of it.
            ["Operations"] = ["Canary", "Destinations", "Discovery", "Hosting", "Limits", "Redis", "Resilience", "Routing", "Sessions", "Settings", "Telemetry", "Tls"],
        },
        ["Gateway.Transforms"] = new()
        {
            ["Wire"] = [],
            ["Bodies"] = ["Wire"],
            // A client's upload that fails decides what became of the attempt.
            ["Verdicts"] = ["Bodies"],
            ["Schema"] = ["Wire"],
            ["Upstream"] = ["Bodies", "Verdicts", "Wire"],
            ["Events"] = ["Schema", "Wire", Top],
            // A cluster's protocol decides its HTTP version.
            ["Routes"] = ["Events", "Schema", "Upstream", "Wire"],
            ["Rpc"] = ["Bodies", "Events", "Routes", "Upstream", "Verdicts", "Wire"],
            // Whether the remainder of a large request may be passed on depends on the protocol.
            ["Identity"] = ["Bodies", "Routes", "Rpc", "Upstream", "Verdicts", "Wire"],
            ["Reporting"] = ["Rpc", "Verdicts"],
            // The outermost step of a call.
            ["Errors"] = ["Bodies", "Reporting", "Routes", "Rpc", "Verdicts", "Wire", Top],
        },
        ["Gateway.Notify"] = new()
        {
            ["Takeover"] = [],
            ["Protocol"] = [],
            ["Connections"] = ["Protocol", "Takeover", Top],
            ["Delivery"] = ["Connections", "Protocol", Top],
            ["Presence"] = ["Delivery", Top],
            // Whoever closes his last socket in good order has gone at once.
            ["Endpoint"] = ["Connections", "Delivery", "Presence", "Protocol", "Takeover", Top],
            // Rebalancing asks Redis how many sockets the others have; what is renewed is the login state.
            ["Upkeep"] = ["Connections", "Delivery", "Presence", "Protocol", Top],
        },
    };

    private static IEnumerable<string> Names => Projects.Keys;

    [TestCaseSource(nameof(Names))]
    public void Folders_UseWhatIsListed(string project)
    {
        var found = ArrowsOf(project).ToHashSet();
        var listed = Projects[project].SelectMany(folder => folder.Value.Select(used => $"{folder.Key} uses {used}")).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(found.Except(listed), Is.Empty, "New: let the type stand in the folder it belongs to, or list the arrow and say why");
            Assert.That(listed.Except(found), Is.Empty, "Listed, and no longer there");
        });
    }

    [TestCaseSource(nameof(Names))]
    public void Folders_UseEachOtherInOneDirection(string project)
    {
        var left = new Dictionary<string, string[]>(Projects[project]);
        while (left.FirstOrDefault(folder => !folder.Value.Any(left.ContainsKey)).Key is { } last)
        {
            left.Remove(last);
        }

        Assert.That(left.Keys, Is.Empty, "They use each other in a circle, or those that do");
    }

    [TestCaseSource(nameof(Names))]
    public void Namespaces_AreThoseOfTheFolders(string project) => Assert.That(
        FilesOf(project).Where(file => Namespace().Match(file.Text).Groups[1].Value is { Length: > 0 } name && name != string.Join('.', file.Path[..^1].Prepend(project)))
            .Select(file => string.Join('/', file.Path)),
        Is.Empty);

    private static IEnumerable<string> ArrowsOf(string project)
    {
        var files = FilesOf(project).ToArray();
        var types = files.SelectMany(file => Type().Matches(file.Text).Select(type => (Folder: FolderOf(file.Path), Name: type.Groups[1].Value))).ToHashSet();
        foreach (var (path, text) in files.Where(file => FolderOf(file.Path) != Top))
        {
            var own = FolderOf(path);
            var code = Comment().Replace(text, "");
            var named = Using().Matches(text).Where(match => match.Groups[1].Value == project).Select(match => match.Groups[2].Value)
                .Concat(Qualified().Matches(code).Where(match => types.Contains((match.Groups[1].Value, match.Groups[2].Value))).Select(match => match.Groups[1].Value))
                // Whoever lies in a folder sees what lies above it.
                .Concat(Word().Matches(code).Where(match => types.Contains((Top, match.Value)) && !types.Contains((own, match.Value))).Select(_ => Top));
            foreach (var folder in named.Distinct().Where(folder => folder != own))
            {
                yield return $"{own} uses {folder}";
            }
        }
    }

    private static IEnumerable<(string[] Path, string Text)> FilesOf(string project)
    {
        var root = Path.Combine(RepositoryFolder.Path, project);
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar), Text: File.ReadAllText(file)))
            .Where(file => file.Path[0] is not ("bin" or "obj"));
    }

    private static string FolderOf(string[] path) => path.Length > 1 ? path[0] : Top;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static |\w+ = )?(Gateway\.\w+)\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?:public|internal) [\w ]*?(?:class|record|struct|interface|enum) (?:struct )?(\w+)", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"(?<!\.)\b(\w+)\.(\w+)")]
    private static partial Regex Qualified();

    [GeneratedRegex(@"(?<!\.)\b[A-Z]\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();
}
