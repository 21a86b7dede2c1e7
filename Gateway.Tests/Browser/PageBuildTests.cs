using System.Security.Cryptography;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Browser;

/// <summary>The built page is checked in, so that the demo needs no Node. It must not be older than its sources.</summary>
[TestFixture]
internal sealed class PageBuildTests
{
    [Test]
    public void Build_IsMadeFromTheSourcesAsTheyAre()
    {
        var demo = Path.Combine(RepositoryFolder.Path, "samples/ChatDemo");
        var built = File.ReadAllLines(Path.Combine(demo, "wwwroot/sources.sha256"));
        var protos = new[] { Path.Combine(RepositoryFolder.Path, "proto"), Path.Combine(demo, "members") };
        var client = Path.Combine(RepositoryFolder.Path, "clients/typescript/src");
        var sources = Files(Path.Combine(demo, "web")).Concat(Files(client)).Concat(protos.SelectMany(folder => Directory.EnumerateFiles(folder, "*.proto")));

        var now = sources.Select(Line).ToList();

        Assert.That(built, Is.EquivalentTo(now), "The page is older than its sources: run 'npm ci && npm run build' in samples/ChatDemo/web.");
    }

    /// <summary>Without what npm installs and the message types that the build makes.</summary>
    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder).Concat(
        Directory.EnumerateDirectories(folder).Where(inner => Path.GetFileName(inner) is not ("node_modules" or "messages")).SelectMany(Files));

    private static string Line(string path) =>
        $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}  {Path.GetRelativePath(RepositoryFolder.Path, path)}";
}
