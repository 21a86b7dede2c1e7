using Gateway.Tests.Support;

namespace Gateway.Tests.Deploy;

/// <summary>The folders below deploy/ as kubectl renders them: nothing is unknown to Kubernetes, nothing lies there in vain.</summary>
[TestFixture]
internal sealed class KustomizationTests
{
    private static readonly string[] Folders = ["base", "overlays/all-in-one"];

    [Test]
    public void Folders_AreThoseTheTestsKnow() => Assert.That(
        new[] { "base", "overlays", "examples" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Manifests.Root, folder), "kustomization.yaml", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Manifests.Root, Path.GetDirectoryName(file)!)),
        Is.EquivalentTo(Folders));

    [TestCaseSource(nameof(Folders))]
    [TestCase("components/kubernetes-discovery")]
    public void Files_AreAllNamed(string folder)
    {
        var path = Path.Combine(Manifests.Root, folder);
        var named = File.ReadAllText(Path.Combine(path, "kustomization.yaml"));

        Assert.That(
            Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file))
                .Where(file => file != "kustomization.yaml" && !named.Contains($" {file}\n", StringComparison.Ordinal)),
            Is.Empty);
    }

    [TestCaseSource(nameof(Folders))]
    [Servers]
    public async Task Objects_AreReadWithoutAnUnknownField(string folder) =>
        Assert.That((await Manifests.OfKustomizeAsync(folder)).All<object>().Count(), Is.GreaterThan(3));

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
    [Servers]
    public async Task ConfigMaps_OfRoutes_KeepTheirNames()
    {
        var names = (await Manifests.OfKustomizeAsync("base")).ConfigMaps.Keys.Order().ToList();

        Assert.That(names[..2], Is.EqualTo(new[] { "gateway-routes", "gateway-routes-d" }));
        Assert.That(names[2..], Has.One.Matches("^gateway-settings-[a-z0-9]{10}$"));
    }
}
