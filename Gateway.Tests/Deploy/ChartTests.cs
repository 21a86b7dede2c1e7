using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using k8s.Models;

namespace Gateway.Tests.Deploy;

/// <summary>The chart as helm renders it. What it makes by default is what kustomize makes, which <see cref="ManifestTests"/> look into.</summary>
[TestFixture]
[Servers]
internal sealed class ChartTests
{
    [TestCase("--set", "mode=two-roles")]
    [TestCase("--set", "mode=all-in-one")]
    [TestCase("--values", "helm/gateway/ci/everything-values.yaml")]
    public async Task Lint_FindsNothing(string option, string value) => Assert.That(
        await DeployTools.HelmAsync("lint", "--strict", Manifests.Chart, option, value),
        Does.Contain("1 chart(s) linted, 0 chart(s) failed").And.Not.Contain("[WARNING]"));

    [TestCase("base", "two-roles")]
    [TestCase("overlays/all-in-one", "all-in-one")]
    public async Task Objects_AreThoseOfKustomize(string folder, string mode)
    {
        var kustomize = Lines(await Manifests.OfKustomizeAsync(folder)).ToList();
        var helm = Lines(await Manifests.OfHelmAsync("--set", $"mode={mode}")).ToList();

        Assert.That(helm, Is.Unique);
        Assert.That((helm.Except(kustomize), kustomize.Except(helm)), Is.EqualTo((Array.Empty<string>(), Array.Empty<string>())), "Only of helm, only of kustomize");
    }

    /// <summary>An overlay has a namespace, which kustomize writes into all objects and helm gives the release.</summary>
    [TestCase("base", "two-roles")]
    [TestCase("overlays/all-in-one", "all-in-one")]
    public async Task Discovery_IsThatOfTheComponent(string folder, string mode)
    {
        var overlay = Directory.CreateTempSubdirectory("gateway-overlay-");
        await File.WriteAllTextAsync(Path.Combine(overlay.FullName, "kustomization.yaml"), $$"""
            namespace: chat
            resources: [ {{Relative(folder)}} ]
            components: [ {{Relative("components/kubernetes-discovery")}} ]
            """);

        var kustomize = Lines(await Manifests.OfKustomizeAsync(overlay.FullName)).Where(line => !line.EndsWith("/metadata/namespace = \"chat\"", StringComparison.Ordinal)).ToList();
        overlay.Delete(recursive: true);
        var helm = Lines(await Manifests.OfHelmAsync("--set", $"mode={mode},discovery.kubernetes.enabled=true")).ToList();

        Assert.That((helm.Except(kustomize), kustomize.Except(helm)), Is.EqualTo((Array.Empty<string>(), Array.Empty<string>())), "Only of helm, only of kustomize");

        string Relative(string path) => Path.GetRelativePath(overlay.FullName, Path.Combine(Manifests.Root, path));
    }

    [TestCase("true", "k8s://gateway-sockets:sockets")]
    [TestCase("false", "http://gateway-sockets:9001")]
    public async Task WithoutEtcd_SocketsAreFoundByTheirService(string discovery, string address)
    {
        var sut = await Manifests.OfHelmAsync("--set", $"settings.Gateway__Etcd__Endpoints=null,discovery.kubernetes.enabled={discovery}");

        Assert.That(sut.ConfigMaps["gateway-routes-d"].Data["sockets.json"], Does.Contain($"\"{address}\"").And.Not.Contain("etcd://"));
        Assert.That(sut.Deployments.SelectMany(deployment => deployment.Spec.Template.Spec.Containers.Single().Env).Select(variable => variable.Name), Has.None.StartsWith("Gateway__Registration"));
        var port = sut.All<V1Service>().Single(service => service.Metadata.Name == "gateway-sockets").Spec.Ports.Single(port => port.Name == "sockets");
        Assert.That(port.Port, Is.EqualTo(9001));
    }

    [TestCase("push.yaml", "push.enabled=true")]
    [TestCase("ingress-nginx.yaml", "ingress.enabled=true,ingress.hosts={chat.example.com},ingress.tls[0].hosts[0]=chat.example.com,ingress.tls[0].secretName=chat-tls")]
    [TestCase("gateway-api.yaml", "gatewayApi.httpRoute.enabled=true,gatewayApi.httpRoute.parentRefs[0].name=public,gatewayApi.httpRoute.hostnames={chat.example.com}")]
    public async Task Values_AddTheObjectsOfTheExample(string example, string values)
    {
        var without = await Manifests.OfHelmAsync();
        var with = await Manifests.OfHelmAsync("--set", values);
        var added = with.Trees.ExceptBy(without.Trees.Select(Manifests.NameOf), Manifests.NameOf).SelectMany(Lines);

        Assert.That(added, Is.EquivalentTo(Lines(Manifests.OfFile($"examples/{example}"))));
    }

    [Test]
    public async Task Push_SetsWhatTheExampleSays()
    {
        var settings = (await Manifests.OfHelmAsync("--set", "push.enabled=true")).ConfigMaps["gateway-settings"].Data
            .Except((await Manifests.OfHelmAsync()).ConfigMaps["gateway-settings"].Data).Select(setting => $"#   {setting.Key}={setting.Value}").ToList();

        Assert.That(settings, Has.Count.EqualTo(3));
        Assert.That(settings, Is.SubsetOf(await File.ReadAllLinesAsync(Path.Combine(Manifests.Root, "examples/push.yaml"))));
    }

    /// <summary>Two releases in a namespace have nothing in common.</summary>
    [Test]
    public async Task Release_OfAnotherName_HasItInAllNamesAndLabels()
    {
        var blue = await Manifests.OfReleaseAsync("blue", "--values", Manifests.Everything);

        Assert.That(blue.Trees.Select(tree => $"{tree["metadata"]!["name"]}"), Has.All.StartsWith("blue-gateway"));
        Assert.That(blue.Deployments.Select(deployment => blue.Selected(deployment.Spec.Selector.MatchLabels).Single()), Is.EquivalentTo(blue.Deployments));
        var names = blue.Trees.SelectMany(Lines).Where(line => line.Contains("/app.kubernetes.io/name = ", StringComparison.Ordinal)).Select(line => line.Split(" = ")[1]).Distinct();
        Assert.That(names, Is.EquivalentTo(new[] { "blue-gateway", "etcd", "redis" }));
    }

    /// <summary>A release's name may have dots and begin with a digit. A Service's may not, and in a <c>k8s://</c> address a dot begins the namespace.</summary>
    [Test]
    public async Task Release_WithDots_HasHyphensInAllNames()
    {
        var sut = await Manifests.OfReleaseAsync("my.release", "--set", "settings.Gateway__Etcd__Endpoints=null,discovery.kubernetes.enabled=true");

        Assert.That(sut.Trees.Select(tree => $"{tree["metadata"]!["name"]}"), Has.All.StartsWith("my-release-gateway"));
        Assert.That(sut.ConfigMaps["my-release-gateway-routes-d"].Data["sockets.json"], Does.Contain("\"k8s://my-release-gateway-sockets:sockets\""));
    }

    [Test]
    public async Task Release_BeginningWithADigit_NeedsAnotherName()
    {
        var (code, _, errors) = await DeployTools.TryHelmAsync("template", "1chat", Manifests.Chart);

        Assert.That(code, Is.Not.Zero);
        Assert.That(errors, Does.Contain("No Service can be called 1chat-gateway, for that begins with a digit: set nameOverride, or call the release otherwise."));
        Assert.That((await Manifests.OfReleaseAsync("1chat", "--set", "nameOverride=chat")).ConfigMaps.Keys, Has.All.StartsWith("chat-"));
    }

    /// <summary>Without a value that may be empty the chart is as good as with an empty one.</summary>
    [Test]
    public async Task Null_InPlaceOfAnEmptyValue_IsTaken()
    {
        string[] values = ["routes.more", "probes.startup", "probes.liveness", "probes.readiness", "discovery.kubernetes.namespaces", "ingress.annotations", "proxy.autoscaling.behavior", "proxy.podLabels"];

        var sut = await Manifests.OfHelmAsync("--set", string.Join(',', values.Select(value => $"{value}=null").Append("discovery.kubernetes.enabled=true").Append("ingress.enabled=true")));

        Assert.That(sut.Deployments.First().Spec.Template.Spec.Containers.Single().LivenessProbe.FailureThreshold, Is.Null);
        Assert.That(sut.All<V1Role>(), Has.One.Items);
        Assert.That(sut.All<V1Ingress>().Single().Metadata.Annotations, Is.Null);
    }

    [Test]
    public async Task Scaling_SwitchedOff_LeavesTheNumberToTheValues()
    {
        var sut = await Manifests.OfHelmAsync("--set", "proxy.autoscaling.enabled=false,proxy.replicas=3");

        Assert.That(sut.Deployments.Select(deployment => (deployment.Metadata.Name, deployment.Spec.Replicas)), Is.EquivalentTo(new[] { ("gateway-proxy", 3), ("gateway-notify", (int?)null) }));
        Assert.That(sut.All<V2HorizontalPodAutoscaler>().Select(scaler => scaler.Metadata.Name), Is.EqualTo(new[] { "gateway-notify" }));
    }

    [Test]
    public async Task Settings_Changed_StartNewPods_AndRoutesDoNot()
    {
        var (before, routes, settings) = (await Checksum(), await Checksum("--set-string", "routes.yarp=x"), await Checksum("--set-string", "settings.Gateway__AccessLog__Enabled=true"));

        Assert.That(routes, Is.EqualTo(before));
        Assert.That(settings, Is.Not.EqualTo(before));

        static async Task<string> Checksum(params string[] arguments) =>
            (await Manifests.OfHelmAsync(arguments)).Deployments.First().Spec.Template.Metadata.Annotations["checksum/settings"];
    }

    [Test]
    public async Task Secret_NoKeyNeeded_IsNotMounted()
    {
        var pod = (await Manifests.OfHelmAsync("--set", "secret.managementTokenKey=,secret.redisPasswordKey=")).Deployments.First().Spec.Template.Spec;

        Assert.That(pod.Volumes.Select(volume => volume.Name), Is.EqualTo(new[] { "routes", "routes-d", "tmp" }));
        Assert.That(pod.Containers.Single().Env.Where(variable => variable.Value?.Contains("secrets", StringComparison.Ordinal) == true), Is.Empty);
    }

    /// <summary>preStop.sleep came with 1.30.</summary>
    [Test]
    public async Task OldKubernetes_SleepsByProgram()
    {
        var hook = (await Manifests.OfHelmAsync("--kube-version", "1.28")).Deployments.First().Spec.Template.Spec.Containers.Single().Lifecycle.PreStop;

        Assert.That(hook.Exec.Command, Is.EqualTo(new[] { "sleep", "5" }));
    }

    [TestCase("image.repo=x", "at '/image': additional properties 'repo' not allowed")]
    [TestCase("mode=three", "at '/mode': value must be one of 'two-roles', 'all-in-one'")]
    [TestCase("settings.Gateway__Push__MaxRate=3", "at '/settings/Gateway__Push__MaxRate': got number, want string")]
    [TestCase("gatewayApi.httpRoute.enabled=true", "gatewayApi.httpRoute.parentRefs has to name a Gateway.")]
    [TestCase("gatewayApi.grpcRoute.enabled=true", "gatewayApi.grpcRoute leads to the push API: set push.enabled.")]
    [TestCase("networkPolicy=null", "at '': missing property 'networkPolicy'")]
    [TestCase("networkPolicy.monitoring=null", "at '/networkPolicy': missing property 'monitoring'")]
    [TestCase("proxy.autoscaling=null", "at '/proxy': missing property 'autoscaling'")]
    [TestCase("settings=null", "at '': missing property 'settings'")]
    [TestCase("preStopSeconds=16", "terminationGracePeriodSeconds has to be 46 or more, preStopSeconds and 30 s to stop in, or pods are killed while they stop.")]
    [TestCase("rollingUpdate.maxSurge=0%", "rollingUpdate.maxUnavailable and rollingUpdate.maxSurge cannot both be 0, or no pod is ever replaced.")]
    [TestCase("rollingUpdate.maxSurge=abc", "at '/rollingUpdate/maxSurge': 'abc' does not match pattern")]
    [TestCase("proxy.podDisruptionBudget.maxUnavailable=abc", "at '/proxy/podDisruptionBudget/maxUnavailable': 'abc' does not match pattern")]
    [TestCase("proxy.podDisruptionBudget.maxUnavailable=-1", "at '/proxy/podDisruptionBudget/maxUnavailable': minimum: got -1, want 0")]
    [TestCase("notify.autoscaling.minReplicas=11", "notify.autoscaling.minReplicas cannot be more than maxReplicas.")]
    [TestCase("notify.autoscaling.memoryAverage=lots", "at '/notify/autoscaling/memoryAverage': 'lots' does not match pattern")]
    [TestCase("discovery.kubernetes.namespaces={}", "at '/discovery/kubernetes/namespaces/0': '' does not match pattern")]
    [TestCase("routes.more.sockets\\.json=x", "routes.more cannot have a sockets.json: with the mode two-roles the chart makes that file itself. Give yours another name.")]
    [TestCase("routes.more.mine=x", "invalid propertyName 'mine'")]
    [TestCase("routes.more.my/own\\.json=x", "invalid propertyName 'my/own.json'")]
    [TestCase("push.enabled=true,push.port=9001", "push.port and push.jsonPort need ports of their own: 9001 is taken.")]
    [TestCase("push.enabled=true,push.jsonPort=9003", "push.port and push.jsonPort need ports of their own: 9003 is taken.")]
    [TestCase("push.enabled=true,push.port=9443,tls.secretName=x", "push.port and push.jsonPort need ports of their own: 9443 is taken.")]
    [TestCase("push.enabled=true,settings.Gateway__Push__Address=10.0.0.1", "settings.Gateway__Push__Address cannot be set beside tls or push, from which it follows.")]
    [TestCase("ingress.enabled=true,ingress.annotations.nginx\\.ingress\\.kubernetes\\.io/backend-protocol=HTTPS", "is HTTPS, and the pods speak no TLS: set tls.secretName.")]
    [TestCase("proxy.podLabels.app\\.kubernetes\\.io/name=x", "proxy.podLabels cannot have app.kubernetes.io/name, which the chart sets itself: see nameOverride and partOf.")]
    [TestCase("proxy.podAnnotations.checksum/settings=x", "proxy.podAnnotations cannot have checksum/settings, which the chart sets itself.")]
    public async Task Values_WithAMistake_AreRefused(string value, string message)
    {
        var (code, _, errors) = await DeployTools.TryHelmAsync("template", "gateway", Manifests.Chart, "--set", value);

        Assert.That(code, Is.Not.Zero);
        Assert.That(errors, Does.Contain(message));
    }

    [Test]
    public async Task Proxies_MayReachTheHub_WhereverSubServicesAre()
    {
        var sut = await Manifests.OfHelmAsync("--set", "networkPolicy.subServices[0].namespaceSelector.matchLabels.team=accounts");

        var rule = sut.All<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == "gateway").Spec.Egress.Single(rule => rule.Ports?.Any(port => port.Port.Value == "9001") == true);
        Assert.That(sut.Selected(rule.To.Single().PodSelector.MatchLabels).Single().Metadata.Name, Is.EqualTo("gateway-notify"));
    }

    [Test]
    public async Task Notes_NameWhatIsMissing()
    {
        var notes = await DeployTools.HelmAsync("install", "gateway", Manifests.Chart, "--dry-run=client", "--namespace", "chat", "--set", "settings.Gateway__Redis__Configuration=null");

        Assert.That(notes, Does.Contain("Requests:  http://gateway.chat:9000\nSockets:   ws://gateway-sockets.chat:9001/ws\n"));
        Assert.That(notes, Does.Contain("- No Redis is named: set settings.Gateway__Redis__Configuration. Sessions are looked up there.\n"));
        Assert.That(notes, Does.Contain("- The Secret gateway-secrets is not there, and no pod starts without it. Its keys: management-token, redis-password.\n"));
        Assert.That(notes, Does.Not.Contain("No etcd").And.Not.Contain("k8s://"));
    }

    [TestCase("routes.yarp=k8s://user:grpc", true)]
    [TestCase("routes.more.mine\\.json=k8s://user:grpc", true)]
    [TestCase("routes.yarp=k8s://user:grpc,discovery.kubernetes.enabled=true", false)]
    [TestCase("routes.yarp=k8s://user:grpc,settings.Gateway__Kubernetes__ApiServer=https://10.0.0.1:6443", false)]
    public async Task Notes_NameTheDiscovery_ThatRoutesNeed(string values, bool expected)
    {
        var notes = await DeployTools.HelmAsync("install", "gateway", Manifests.Chart, "--dry-run=client", "--namespace", "chat", "--set", values);

        Assert.That(notes.Contains("- Routes have k8s:// addresses, and the pods may not look for them, so none gets ready: set discovery.kubernetes.enabled.\n", StringComparison.Ordinal), Is.EqualTo(expected));
    }

    private static IEnumerable<string> Lines(Manifests manifests) => manifests.Trees.SelectMany(Lines);

    /// <summary>
    /// A line for each value of an object. Left out are objects that only <c>helm test</c> makes, the labels that say what installed it, and
    /// how a change of settings starts new pods: by another name of the ConfigMap, or by a checksum.
    /// </summary>
    private static IEnumerable<string> Lines(JsonObject tree) => tree["metadata"]!["annotations"]?["helm.sh/hook"] is null ? Values(tree, Stem(Manifests.NameOf(tree))) : [];

    private static IEnumerable<string> Values(JsonNode? node, string path) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Values(field.Value, $"{path}/{field.Key}")),
        JsonArray items => items.SelectMany((item, index) => Values(item, $"{path}/{index}")),
        _ when path.EndsWith("/labels/helm.sh/chart", StringComparison.Ordinal) => [],
        _ when path.EndsWith("/labels/app.kubernetes.io/managed-by", StringComparison.Ordinal) => [],
        _ when path.EndsWith("/annotations/checksum/settings", StringComparison.Ordinal) => [],
        _ => [$"{path} = {(path.EndsWith("/name", StringComparison.Ordinal) ? Stem($"{node}") : node?.ToJsonString())}"],
    };

    private static string Stem(string name) => name.Contains("gateway-settings-", StringComparison.Ordinal) ? name[..name.LastIndexOf('-')] : name;
}
