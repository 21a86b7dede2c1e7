using k8s;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Deploy;

/// <summary>What a kustomization.yaml of the repository may say. Anything else is refused, for the tests would not follow it.</summary>
internal sealed class Kustomization
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public List<string> Resources { get; set; } = [];

    public List<Generator> ConfigMapGenerator { get; set; } = [];

    public List<Change> Patches { get; set; } = [];

    public List<ImageName> Images { get; set; } = [];

    public static Kustomization Read(string folder) =>
        KubernetesYaml.Deserialize<Kustomization>(File.ReadAllText(Path.Combine(folder, "kustomization.yaml")), strict: true);

    /// <summary>The files it names, relative to its folder.</summary>
    public IEnumerable<string> Files() =>
        Resources.Concat(Patches.Where(patch => patch.Path.Length > 0).Select(patch => patch.Path))
            .Concat(ConfigMapGenerator.SelectMany(generator => generator.Files.Concat(generator.Envs)));

    internal sealed class Generator
    {
        public string Name { get; set; } = "";

        public List<string> Files { get; set; } = [];

        public List<string> Envs { get; set; } = [];

        public GeneratorOptions Options { get; set; } = new();
    }

    internal sealed class GeneratorOptions
    {
        public bool DisableNameSuffixHash { get; set; }
    }

    internal sealed class Change
    {
        public string Path { get; set; } = "";

        [YamlMember(Alias = "patch", ApplyNamingConventions = false)]
        public string Inline { get; set; } = "";
    }

    internal sealed class ImageName
    {
        public string Name { get; set; } = "";

        public string NewName { get; set; } = "";

        public string NewTag { get; set; } = "";
    }
}
