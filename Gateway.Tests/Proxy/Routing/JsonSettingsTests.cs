using System.Runtime.Versioning;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class JsonSettingsTests
{
    private string _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Read_Missing_SaysTheCure() => Assert.That(Refusal(Path.Combine(_folder, "none")), Is.EqualTo(
        $"The routes file '{Path.Combine(_folder, "none")}' does not exist; mend it."));

    [Test]
    public void Read_Folder_SaysSo() => Assert.That(Refusal(_folder), Is.EqualTo($"The routes file '{_folder}' is a folder; name a file in it."));

    [Test]
    [UnsupportedOSPlatform("windows")]
    public void Read_NotPermitted_SaysSo()
    {
        var path = Path.Combine(_folder, "secret");
        File.WriteAllText(path, "{}");
        File.SetUnixFileMode(path, UnixFileMode.None);

        string refusal;
        // Root may read everything, so this thread becomes nobody for a moment.
        using (new NobodysFileAccess())
        {
            refusal = Refusal(path);
        }

        Assert.That(refusal, Is.EqualTo($"The routes file '{path}' may not be read by this user; change its owner or permissions."));
    }

    [Test]
    public void Read_TooLarge_SaysHowLarge()
    {
        var path = Path.Combine(_folder, "large");
        using (var file = File.Create(path))
        {
            file.SetLength(JsonSettings.MaxBytes + 1);
        }

        Assert.That(Refusal(path), Is.EqualTo($"The routes file '{path}' has 16777217 bytes; at most 16777216 are read, so divide it."));
    }

    [Test]
    public void Parse_Json_IsFlat() => Assert.That(
        JsonSettings.Parse("routes file", "x", """{ "a": { "b": [ 1, "2" ] } /* why */ }"""u8.ToArray()),
        Is.EquivalentTo(new Dictionary<string, string?> { ["a:b:0"] = "1", ["a:b:1"] = "2" }));

    [Test]
    public void Parse_HalfACharacter_SaysSo()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => JsonSettings.Parse("routes file", "x", """{ "a": "\ud800" }"""u8.ToArray()))!;

        Assert.That(refused.Errors.Single(), Does.StartWith("The routes file 'x' cannot be read: Cannot "));
    }

    private static string Refusal(string path) =>
        Assert.Throws<ConfigurationRefusedException>(() => JsonSettings.Read("routes file", path, "mend it"))!.Errors.Single();
}
