using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using k8s.Models;

namespace Gateway.Tests.Deploy;

/// <summary>The chart with everything switched on that is off by default.</summary>
[TestFixture]
[Servers]
internal sealed class ChartOptionsTests
{
    private Manifests _sut = null!;

    [OneTimeSetUp]
    public async Task OneTimeSetUp() => _sut = await Manifests.OfHelmAsync("--values", Manifests.Everything);

    [Test]
    public async Task Objects_FitTheSchemasOfTheirKinds() =>
        Assert.That(await DeployTools.NodeAsync("validate.mjs", new JsonArray([.. _sut.Trees.Select(tree => tree.DeepClone())]).ToJsonString()), Is.Empty);

    /// <summary>YAML takes 123 and true for no text if they have no quotes.</summary>
    [Test]
    public async Task Texts_ThatLookLikeNumbers_StayTexts()
    {
        string[] texts =
        [
            "nameOverride=true", "partOf=123", "image.repository=1", "image.tag=30", "image.digest=", "secret.name=123", "routes.existingConfigMap=123", "tls.secretName=true",
            "serviceAccount.name=123", "proxy.priorityClassName=123", "proxy.autoscaling.memoryAverage=123", "notify.autoscaling.memoryAverage=123",
            "notify.autoscaling.keda.serverAddress=123", "discovery.kubernetes.namespaces={123}", "ingress.className=true", "tests.image=123",
        ];

        var sut = await Manifests.OfHelmAsync("--values", Manifests.Everything, "--set-string", string.Join(',', texts));

        Assert.That(await DeployTools.NodeAsync("validate.mjs", new JsonArray([.. sut.Trees.Select(tree => tree.DeepClone())]).ToJsonString()), Is.Empty);
    }

    [Test]
    public async Task Validate_WhatDoesNotFit_IsNamed() => Assert.That(
        await DeployTools.NodeAsync("validate.mjs", """[{ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": { "name": "x" }, "spec": { "triggers": 1 } }]"""),
        Does.StartWith("ScaledObject x: ").And.Contain("triggers must be array"));

    [Test]
    public void Objects_AreOfAllKinds() => Assert.That(_sut.Trees.Select(tree => $"{tree["kind"]}").Distinct(), Is.EquivalentTo(new[]
    {
        "ConfigMap", "Deployment", "GRPCRoute", "HTTPRoute", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "Pod", "PodDisruptionBudget", "PodMonitor",
        "Role", "RoleBinding", "ScaledObject", "Service", "ServiceAccount", "ServiceMonitor",
    }));

    [Test]
    public void Deployments_StartTheGatewayWithTheirSettings()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("gateway");
        Dictionary<string, IDictionary<string, string>> secrets = new()
        {
            ["gateway-secrets"] = new Dictionary<string, string>(Manifests.ExampleSecret().StringData) { ["push-token"] = "a token of sub-services" },
            ["gateway-tls"] = new Dictionary<string, string> { ["tls.crt"] = certificate, ["tls.key"] = key },
            ["upstream-tls"] = new Dictionary<string, string>(),
        };
        foreach (var deployment in _sut.Deployments)
        {
            using var pod = new LocalPod(deployment, _sut.ConfigMaps, secrets);
            var settings = pod.Build().Configuration;

            Assert.That((settings["Gateway:Push:JsonPort"], settings["Gateway:Telemetry:TraceRatio"]), Is.EqualTo(("9004", "0.01")));
            Assert.That(settings["Gateway:Tls:CertificateFile"], Does.Exist);
        }
    }

    [Test]
    public void Selectors_FindPods()
    {
        foreach (var service in _sut.All<V1Service>())
        {
            var pods = _sut.Selected(service.Spec.Selector).Select(deployment => deployment.Spec.Template.Spec.Containers.Single()).ToList();
            Assert.That(pods, Is.Not.Empty, service.Metadata.Name);
            foreach (var target in service.Spec.Ports.Select(port => port.TargetPort.Value).Where(target => !int.TryParse(target, out _)))
            {
                Assert.That(pods.Select(pod => pod.Ports.Select(port => port.Name)), Has.All.Contains(target), service.Metadata.Name);
            }
        }
    }

    [TestCase("ServiceMonitor", "endpoints")]
    [TestCase("PodMonitor", "podMetricsEndpoints")]
    public void Monitor_ReadsTheManagementPort(string kind, string endpoints)
    {
        var spec = _sut[kind, "gateway"]["spec"]!;
        var labels = spec["selector"]!["matchLabels"]!.AsObject().ToDictionary(label => label.Key, label => $"{label.Value}");

        Assert.That(spec[endpoints]!.AsArray().Single()!.ToJsonString(), Is.EqualTo("""{"port":"management","path":"/metrics","interval":"15s"}"""));
        Assert.That(kind == "PodMonitor"
            ? _sut.Selected(labels).Count()
            : _sut.All<V1Service>().Count(service => labels.All(label => service.Metadata.Labels.Contains(label))), Is.EqualTo(kind == "PodMonitor" ? 2 : 1));
    }

    [Test]
    public void Keda_ScalesSocketsInPlaceOfTheAutoscaler()
    {
        var spec = _sut["ScaledObject", "gateway-notify"]["spec"]!;

        Assert.That($"{spec["scaleTargetRef"]!["name"]}", Is.EqualTo("gateway-notify"));
        Assert.That(spec["triggers"]!.AsArray().Select(trigger => $"{trigger!["type"]} {trigger["metricType"]}"), Is.EqualTo(new[] { "prometheus AverageValue", "cpu Utilization", "memory AverageValue" }));
        Assert.That($"{spec["triggers"]![0]!["metadata"]!["query"]}", Is.EqualTo("sum(gateway_notify_sockets{namespace=\"chat\"})"));
        Assert.That(_sut.All<V2HorizontalPodAutoscaler>().Select(scaler => scaler.Metadata.Name), Is.EqualTo(new[] { "gateway-proxy" }));
    }

    [Test]
    public void Discovery_LetsProxiesReadEndpointSlices_AndNobodyElse()
    {
        Assert.That(
            _sut.Deployments.Select(deployment => (deployment.Metadata.Name, deployment.Spec.Template.Spec.ServiceAccountName, deployment.Spec.Template.Spec.AutomountServiceAccountToken)),
            Is.EquivalentTo(new (string, string?, bool?)[] { ("gateway-proxy", "gateway-proxy", true), ("gateway-notify", null, false) }));
        Assert.That(_sut.All<V1ServiceAccount>().Single().Metadata.Name, Is.EqualTo("gateway-proxy"));
        Assert.That(_sut.All<V1Role>().Select(role => role.Metadata.NamespaceProperty), Is.EqualTo(new[] { null, "files" }));
        foreach (var rule in _sut.All<V1Role>().Select(role => role.Rules.Single()))
        {
            Assert.That((rule.ApiGroups.Single(), rule.Resources.Single(), string.Join(' ', rule.Verbs)), Is.EqualTo(("discovery.k8s.io", "endpointslices", "get list watch")));
        }

        foreach (var binding in _sut.All<V1RoleBinding>())
        {
            Assert.That((binding.RoleRef.Kind, binding.RoleRef.Name), Is.EqualTo(("Role", "gateway-discovery")));
            Assert.That((binding.Subjects.Single().Name, binding.Subjects.Single().NamespaceProperty), Is.EqualTo(("gateway-proxy", "chat")));
        }
    }

    [Test]
    public void Ingress_LeadsSocketsAndRequestsToTheirServices_OverTls()
    {
        var rule = _sut.All<V1Ingress>().Single().Spec.Rules.Single();

        Assert.That(rule.Http.Paths.Select(path => $"{rule.Host}{path.Path} {path.Backend.Service.Name}:{path.Backend.Service.Port.Name}"),
            Is.EqualTo(new[] { "chat.example.com/ws gateway-sockets:sockets-tls", "chat.example.com/ gateway:https" }));
    }

    [Test]
    public void Routes_OfTheGatewayApi_LeadToServices()
    {
        var rules = _sut["HTTPRoute", "gateway"]["spec"]!["rules"]!.AsArray();
        var push = _sut["GRPCRoute", "gateway-push"]["spec"]!["rules"]!.AsArray().Single()!;

        Assert.That(rules.Select(rule => $"{rule!["matches"]![0]!["path"]!["value"]} {rule["timeouts"]!["request"]} {Backend(rule)}"),
            Is.EqualTo(new[] { "/ws 0s gateway-sockets:9001", "/ 310s gateway:9000" }));
        Assert.That(Backend(push), Is.EqualTo("gateway-push:9003"));

        static string Backend(JsonNode rule) => $"{rule["backendRefs"]![0]!["name"]}:{rule["backendRefs"]![0]!["port"]}";
    }
}
