using System.Text.RegularExpressions;

namespace Gateway.Tests.Deploy;

/// <summary>The folders below deploy/: nothing is named that is missing, nothing is there that is not named.</summary>
[TestFixture]
internal sealed partial class KustomizationTests
{
    private static readonly string[] Folders = ["base", "overlays/all-in-one"];

    [Test]
    public void Folders_AreThoseTheTestsKnow() => Assert.That(
        Directory.EnumerateFiles(Manifests.Root, "kustomization.yaml", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Manifests.Root, Path.GetDirectoryName(file)!)),
        Is.EquivalentTo(Folders));

    [TestCaseSource(nameof(Folders))]
    public void Files_AreExactlyThoseThatAreNamed(string folder)
    {
        var path = Path.Combine(Manifests.Root, folder);
        var there = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file));

        Assert.That(Kustomization.Read(path).Files().Where(file => !Directory.Exists(Path.Combine(path, file))).Append("kustomization.yaml"), Is.EquivalentTo(there));
    }

    [TestCaseSource(nameof(Folders))]
    public void Objects_AreReadWithoutAnUnknownField(string folder) =>
        Assert.That(Manifests.Of(folder).All<object>().Count(), Is.GreaterThan(3));

    [Test]
    public void Parse_UnknownField_IsRefused() => Assert.Catch(() => Manifests.Parse("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  selectr: {}\n"));

    [Test]
    public void Example_HoldsTheSecretsThatPodsMount()
    {
        var secret = Manifests.ExampleSecret();

        Assert.That(secret.Metadata.Name, Is.EqualTo("gateway-secrets"));
        Assert.That(secret.StringData.Keys, Is.EquivalentTo(new[] { "management-token", "redis-password" }));
    }

    [Test]
    public void Routes_AreThoseOfTheRepository() => Assert.That(
        File.ReadAllText(Path.Combine(Manifests.Root, "base", "yarp.json")),
        Is.EqualTo(File.ReadAllText(Path.Combine(Manifests.Root, "..", "yarp.json"))),
        "Copy it anew: cp yarp.json deploy/base/");

    /// <summary>Routes keep their name, because a running pod follows the one it was started with; settings get a new one, which starts new pods.</summary>
    [Test]
    public void ConfigMaps_OfRoutes_KeepTheirNames() => Assert.That(
        Manifests.Of("base").ConfigMaps.Select(map => (map.Key, map.Value.Config.Options.DisableNameSuffixHash)),
        Is.EquivalentTo(new[] { ("gateway-settings", false), ("gateway-routes", true), ("gateway-routes-d", true) }));

    [Test]
    public void Readme_NamesOnlyFilesThatExist()
    {
        var named = Link().Matches(File.ReadAllText(Path.Combine(Manifests.Root, "README.md"))).Select(match => match.Groups[1].Value).ToList();

        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Where(path => !Path.Exists(Path.Combine(Manifests.Root, path))), Is.Empty);
    }

    [GeneratedRegex(@"\]\(([^)#:]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
