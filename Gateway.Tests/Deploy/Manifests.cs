using Gateway.Tests.Proxy.Hosting;
using k8s;
using k8s.Models;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Deploy;

/// <summary>
/// What kustomize makes of a folder below deploy/, as far as the repository uses it: resources, patches that merge or delete, and
/// ConfigMaps from files. Every object is read strictly: a field that Kubernetes does not know is an error.
/// </summary>
internal sealed class Manifests
{
    /// <summary>What tells the entries of a list apart when a patch is merged into it.</summary>
    private static readonly Dictionary<string, string> MergeKeys = new() { ["ports"] = "containerPort", ["volumeMounts"] = "mountPath" };

    private readonly List<object> _objects;

    private Manifests(string folder)
    {
        _objects = [.. Documents(folder).Select(document => Parse(new SerializerBuilder().Build().Serialize(document)).Single())];
        ConfigMaps = Generators(folder)
            .Where(generator => !Deleted(folder).Contains($"ConfigMap {generator.Config.Name}"))
            .ToDictionary(generator => generator.Config.Name);
    }

    public static string Root { get; } = Path.Combine(RepositoryFolder.Path, "deploy");

    /// <summary>The ConfigMaps that are generated, each with the folder its files are taken from.</summary>
    public Dictionary<string, (string Folder, Kustomization.Generator Config)> ConfigMaps { get; }

    public IEnumerable<V1Deployment> Deployments => All<V1Deployment>();

    public static Manifests Of(string folder) => new(Path.Combine(Root, folder));

    public static List<object> Parse(string yaml) => KubernetesYaml.LoadAllFromString(yaml, strict: true);

    public static V1Secret ExampleSecret() => Parse(File.ReadAllText(Path.Combine(Root, "examples", "secrets.yaml"))).Cast<V1Secret>().Single();

    public IEnumerable<T> All<T>() => _objects.OfType<T>();

    /// <summary>The pods that a selector finds, by the Deployment that makes them.</summary>
    public IEnumerable<V1Deployment> Selected(IDictionary<string, string> selector) => Deployments.Where(deployment =>
        selector.All(label => deployment.Spec.Template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    /// <summary>The lines of a settings.env.</summary>
    public static Dictionary<string, string> ReadSettings(string file) => File.ReadLines(file)
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1]);

    private static List<Dictionary<object, object>> Documents(string folder)
    {
        var kustomization = Kustomization.Read(folder);
        List<Dictionary<object, object>> documents = [.. kustomization.Resources.SelectMany(resource => Directory.Exists(Path.Combine(folder, resource))
            ? Documents(Path.GetFullPath(Path.Combine(folder, resource)))
            : Split(File.ReadAllText(Path.Combine(folder, resource))))];
        foreach (var patch in Patches(folder))
        {
            Apply(patch, documents);
        }

        return documents;
    }

    private static void Apply(Dictionary<object, object> patch, List<Dictionary<object, object>> documents)
    {
        var name = NameOf(patch);
        if (IsDeletion(patch) && name.StartsWith("ConfigMap ", StringComparison.Ordinal))
        {
            return;
        }

        var target = documents.Single(document => NameOf(document) == name);
        if (IsDeletion(patch))
        {
            documents.Remove(target);
        }
        else
        {
            Merge(target, patch);
        }
    }

    private static IEnumerable<(string Folder, Kustomization.Generator Config)> Generators(string folder)
    {
        var kustomization = Kustomization.Read(folder);
        return kustomization.Resources.Select(resource => Path.GetFullPath(Path.Combine(folder, resource))).Where(Directory.Exists).SelectMany(Generators)
            .Concat(kustomization.ConfigMapGenerator.Select(generator => (folder, generator)));
    }

    private static IEnumerable<string> Deleted(string folder) => Patches(folder).Where(IsDeletion).Select(NameOf);

    private static IEnumerable<Dictionary<object, object>> Patches(string folder) => Kustomization.Read(folder).Patches.SelectMany(patch =>
        Split(patch.Path.Length > 0 ? File.ReadAllText(Path.Combine(folder, patch.Path)) : patch.Inline));

    private static bool IsDeletion(Dictionary<object, object> patch) => patch.TryGetValue("$patch", out var how) && how is "delete";

    private static IEnumerable<Dictionary<object, object>> Split(string yaml) =>
        yaml.Split("\n---\n").Select(document => new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(document));

    private static string NameOf(Dictionary<object, object> document) => $"{document["kind"]} {((Dictionary<object, object>)document["metadata"])["name"]}";

    private static void Merge(Dictionary<object, object> target, Dictionary<object, object> patch)
    {
        foreach (var (key, value) in patch)
        {
            switch (value, target.GetValueOrDefault(key))
            {
                case (Dictionary<object, object> from, Dictionary<object, object> into):
                    Merge(into, from);
                    break;
                case (List<object> from, List<object> into):
                    MergeList(into, from, MergeKeys.GetValueOrDefault($"{key}", "name"));
                    break;
                default:
                    target[key] = value;
                    break;
            }
        }
    }

    private static void MergeList(List<object> target, List<object> patch, string mergeKey)
    {
        foreach (var entry in patch.Cast<Dictionary<object, object>>())
        {
            if (target.Cast<Dictionary<object, object>>().SingleOrDefault(old => old[mergeKey].Equals(entry[mergeKey])) is { } old)
            {
                Merge(old, entry);
            }
            else
            {
                target.Add(entry);
            }
        }
    }
}
