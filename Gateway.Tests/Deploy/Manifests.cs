using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Proxy.Hosting;
using k8s;
using k8s.Models;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Deploy;

/// <summary>Rendered objects. Those of Kubernetes itself are read strictly: a field that it does not know is an error.</summary>
internal sealed class Manifests
{
    private static readonly string[] GroupsOfOthers = ["gateway.networking.k8s.io", "keda.sh", "monitoring.coreos.com"];

    private readonly List<object> _objects;

    private Manifests(string yaml)
    {
        var documents = $"\n{yaml}".Split("\n---\n").Where(HasContent).Select(document => document + "\n").ToList();
        Trees = [.. documents.Select(Tree)];
        _objects = [.. documents.Zip(Trees).Where(document => !IsOfOthers(document.Second)).SelectMany(document => Parse(document.First))];
    }

    public static string Root { get; } = Path.Combine(RepositoryFolder.Path, "deploy");

    public static string Chart { get; } = Path.Combine(Root, "helm/gateway");

    /// <summary>Values of the chart that switch everything on.</summary>
    public static string Everything { get; } = Path.Combine(Chart, "ci/everything-values.yaml");

    /// <summary>Every object as it is written, those of other parties as well.</summary>
    public IReadOnlyList<JsonObject> Trees { get; }

    public IEnumerable<V1Deployment> Deployments => All<V1Deployment>();

    public Dictionary<string, V1ConfigMap> ConfigMaps => All<V1ConfigMap>().ToDictionary(map => map.Metadata.Name);

    /// <summary>What kubectl makes of a folder below deploy/.</summary>
    public static async Task<Manifests> OfKustomizeAsync(string folder) => new(await DeployTools.KubectlAsync("kustomize", Path.Combine(Root, folder)));

    /// <summary>What helm makes of the chart, as the release "gateway".</summary>
    public static Task<Manifests> OfHelmAsync(params string[] arguments) => OfReleaseAsync("gateway", arguments);

    public static async Task<Manifests> OfReleaseAsync(string release, params string[] arguments) =>
        new(await DeployTools.HelmAsync(["template", release, Chart, "--namespace", "chat", .. arguments]));

    public static Manifests OfFile(string file) => new(File.ReadAllText(Path.Combine(Root, file)));

    /// <summary>A document of YAML as it is written.</summary>
    public static JsonObject Tree(string document)
    {
        var read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object>(document);
        return JsonSerializer.Deserialize<JsonObject>(new SerializerBuilder().JsonCompatible().Build().Serialize(read))!;
    }

    public static List<object> Parse(string yaml) => KubernetesYaml.LoadAllFromString(yaml, strict: true);

    public static V1Secret ExampleSecret() => Parse(File.ReadAllText(Path.Combine(Root, "examples", "secrets.yaml"))).Cast<V1Secret>().Single();

    public IEnumerable<T> All<T>() => _objects.OfType<T>();

    /// <summary>The one object of this kind and name.</summary>
    public JsonObject this[string kind, string name] => Trees.Single(tree => NameOf(tree) == $"{kind} {name}");

    /// <summary>The pods that a selector finds, by the Deployment that makes them.</summary>
    public IEnumerable<V1Deployment> Selected(IDictionary<string, string> selector) => Deployments.Where(deployment =>
        selector.All(label => deployment.Spec.Template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    public static string NameOf(JsonObject tree) => $"{tree["kind"]} {tree["metadata"]!["name"]}";

    private static bool IsOfOthers(JsonObject tree) => GroupsOfOthers.Contains($"{tree["apiVersion"]}".Split('/')[0]);

    private static bool HasContent(string document) => document.Split('\n').Any(line => line.Length > 0 && line[0] != '#');
}
