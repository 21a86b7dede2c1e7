using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;
using Gateway.Tests.Transforms.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class DescriptorSetsTests
{
    private string _folder = null!;

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Load_None_IsEmpty() => Assert.That(Load([], _folder), Is.Empty);

    [Test]
    public void Load_RelativeAndAbsolutePath_AreBothFound()
    {
        var absolute = Write("shop.pb", Descriptors.Shop.ToByteArray());
        var other = Descriptors.Shop;
        other.File[0].Package = "other";
        other.File[0].Name = "other.proto";
        other.File[0].Service.Clear();
        Write("other.pb", other.ToByteArray());

        var files = Load([absolute, "other.pb"], _folder);

        Assert.That(files.Select(file => file.Package), Is.EqualTo(new[] { "shop", "other" }));
        Assert.That(files[0].Services.Single().FullName, Is.EqualTo("shop.Cart"));
    }

    [Test]
    public void Load_SetWithItsImports_IsLinked()
    {
        var shop = Descriptors.Shop;
        shop.File.Insert(0, new FileDescriptorProto { Name = "base.proto", Syntax = "proto3" });
        shop.File[1].Dependency.Add("base.proto");
        Write("shop.pb", shop.ToByteArray());

        Assert.That(Load(["shop.pb"], _folder), Has.Count.EqualTo(2));
    }

    [Test]
    public void Load_FileMissing_IsRefused()
    {
        var path = Path.Combine(_folder, "none.pb");

        AssertRefused("none.pb", $"cannot be opened (Could not find file '{path}'); mount it there or correct the setting.");
    }

    [Test]
    public void Load_Folder_IsRefused()
    {
        var path = Path.Combine(_folder, "sub");
        Directory.CreateDirectory(path);

        AssertRefused("sub", $"cannot be opened (Access to the path '{path}' is denied); mount it there or correct the setting.");
    }

    [Test]
    public void Load_NoDescriptorSet_IsRefused()
    {
        Write("text.pb", [0x0A, 0x05]);

        AssertRefused("text.pb", "is no complete descriptor set (*); make it with 'protoc --include_imports --descriptor_set_out'.");
    }

    [Test]
    public void Load_ImportMissing_IsRefused()
    {
        var shop = Descriptors.Shop;
        shop.File[0].Dependency.Add("base.proto");
        Write("shop.pb", shop.ToByteArray());

        AssertRefused("shop.pb", "is no complete descriptor set (*); make it with 'protoc --include_imports --descriptor_set_out'.");
    }

    [Test]
    public void Load_TypeMissing_IsRefused()
    {
        var shop = Descriptors.Shop;
        shop.File[0].MessageType.Clear();
        Write("shop.pb", shop.ToByteArray());

        AssertRefused("shop.pb", "is no complete descriptor set (*); make it with 'protoc --include_imports --descriptor_set_out'.");
    }

    private static IReadOnlyList<FileDescriptor> Load(IEnumerable<string> paths, string folder) =>
        DescriptorSets.Link(DescriptorSets.Read(paths, folder));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The asterisk stands for what Google's library says.</summary>
    private void AssertRefused(string name, string expected)
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Load([name], _folder));

        var cause = refused!.InnerException!.Message.TrimEnd('.');
        Assert.That(cause, Is.Not.Empty);
        Assert.That(refused.Errors, Is.EqualTo(new[]
        {
            $"Gateway:DescriptorSets: the file '{Path.Combine(_folder, name)}' {expected.Replace("*", cause, StringComparison.Ordinal)}",
        }));
    }
}
