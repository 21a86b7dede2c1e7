using System.Globalization;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Operations;
using Gateway.Tests.Support;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Deploy;

/// <summary>The objects as kustomize makes them, against each other and against the program they start.</summary>
[TestFixture("base")]
[TestFixture("overlays/all-in-one")]
[Servers]
internal sealed class ManifestTests(string folder)
{
    /// <summary>APP_UID of Microsoft's images.</summary>
    private const int AppUid = 1654;

    private Manifests _sut = null!;

    [OneTimeSetUp]
    public async Task OneTimeSetUp() => _sut = await Manifests.OfKustomizeAsync(folder);

    [Test]
    public void Deployments_StartTheGatewayWithTheirSettings()
    {
        var secret = Manifests.ExampleSecret();
        foreach (var deployment in _sut.Deployments)
        {
            using var sut = new LocalPod(deployment, _sut.ConfigMaps, new Dictionary<string, IDictionary<string, string>> { [secret.Metadata.Name] = secret.StringData });

            var options = sut.Build().Services.GetRequiredService<IOptions<ManagementOptions>>().Value;
            Assert.That(options.Address, Is.EqualTo("0.0.0.0"), "The kubelet probes from outside");
            Assert.That(sut.Settings.Keys, Has.All.StartsWith("Gateway:"));
        }
    }

    [Test]
    public void Roles_AreAllThere() => Assert.That(
        _sut.Deployments.SelectMany(deployment => Environment(deployment)["Gateway__Roles"].Split(',')), Is.EquivalentTo(new[] { RoleOptions.Proxy, RoleOptions.Notify }));

    [Test]
    public void Ports_AreTheGatewaysDefaults_AndTheImages()
    {
        var listen = new ListenOptions();
        foreach (var deployment in _sut.Deployments)
        {
            var roles = Environment(deployment)["Gateway__Roles"].Split(',');
            Dictionary<string, int?> expected = new() { ["management"] = new ManagementOptions().Port };
            if (roles.Contains(RoleOptions.Proxy))
            {
                expected["http"] = listen.HttpPort;
            }

            if (roles.Contains(RoleOptions.Notify))
            {
                expected["sockets"] = listen.WebSocketPort;
            }

            Assert.That(Container(deployment).Ports.ToDictionary(port => port.Name, port => (int?)port.ContainerPort), Is.EquivalentTo(expected));
        }

        Assert.That(Dockerfile.Open().Has($"EXPOSE {listen.HttpPort} {listen.WebSocketPort} {new ManagementOptions().Port}"), Is.True);
    }

    [Test]
    public async Task Probes_AskForWhatTheGatewayAnswers()
    {
        await using var gateway = await GatewayFixture.StartAsync("http://127.0.0.1:1");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var container in _sut.Deployments.Select(Container))
        {
            Assert.That((container.LivenessProbe.HttpGet.Path, container.StartupProbe.HttpGet.Path, container.ReadinessProbe.HttpGet.Path), Is.EqualTo(("/livez", "/livez", "/readyz")));
            foreach (var probe in new[] { container.LivenessProbe, container.StartupProbe, container.ReadinessProbe })
            {
                Assert.That(probe.HttpGet.Port.Value, Is.EqualTo("management"));
                using var response = await client.GetAsync(new Uri(gateway.Management, probe.HttpGet.Path)).DefaultTimeout();
                Assert.That(response.IsSuccessStatusCode, Is.True, probe.HttpGet.Path);
            }
        }
    }

    [Test]
    public void GracePeriod_CoversPreStopAndEverythingAfterIt()
    {
        var shutdown = new HostOptions().ShutdownTimeout;
        foreach (var deployment in _sut.Deployments)
        {
            var probe = Container(deployment).ReadinessProbe;
            var notice = TimeSpan.FromSeconds((probe.PeriodSeconds * probe.FailureThreshold)!.Value);
            var preStop = TimeSpan.FromSeconds(Container(deployment).Lifecycle.PreStop.Sleep.Seconds);
            var drain = TimeSpan.Parse(Environment(deployment)["Gateway__Management__DrainDelay"], CultureInfo.InvariantCulture);

            Assert.That(drain, Is.GreaterThanOrEqualTo(notice), "Whoever asks /readyz notices while it still serves");
            Assert.That(drain, Is.LessThan(shutdown));
            Assert.That(TimeSpan.FromSeconds(deployment.Spec.Template.Spec.TerminationGracePeriodSeconds!.Value), Is.GreaterThan(preStop + shutdown));
        }
    }

    [Test]
    public void Pods_MayDoNothingTheyNeedNot()
    {
        Assert.That(Dockerfile.Open().Has("USER $APP_UID"), Is.True);
        foreach (var pod in _sut.Deployments.Select(deployment => deployment.Spec.Template.Spec))
        {
            Assert.That((pod.AutomountServiceAccountToken, pod.SecurityContext.RunAsNonRoot, pod.SecurityContext.RunAsUser, pod.SecurityContext.SeccompProfile.Type), Is.EqualTo((false, true, AppUid, "RuntimeDefault")));
            var container = pod.Containers.Single().SecurityContext;
            Assert.That((container.ReadOnlyRootFilesystem, container.AllowPrivilegeEscalation), Is.EqualTo((true, false)));
            Assert.That(container.Capabilities.Drop, Is.EqualTo(new[] { "ALL" }));
            Assert.That(pod.Containers.Single().Resources.Requests.Keys, Is.EquivalentTo(new[] { "cpu", "memory" }));
            Assert.That(pod.Containers.Single().Resources.Limits.Keys, Is.EquivalentTo(new[] { "memory" }));
        }
    }

    [Test]
    public void Containers_StartWhatTheImageStarts()
    {
        foreach (var container in _sut.Deployments.Select(Container))
        {
            Assert.That((container.Image, container.Command, container.Args), Is.EqualTo(("registry.example.com/gateway:1.0.0", (object?)null, (object?)null)));
        }
    }

    [Test]
    public void Volumes_AreFoldersOfThingsThatExist()
    {
        foreach (var pod in _sut.Deployments.Select(deployment => deployment.Spec.Template.Spec))
        {
            var container = pod.Containers.Single();
            Assert.That(container.VolumeMounts.Where(mount => mount.SubPath is not null || mount.SubPathExpr is not null), Is.Empty, "These would not follow a change");
            Assert.That(container.VolumeMounts.Select(mount => mount.Name), Is.EquivalentTo(pod.Volumes.Select(volume => volume.Name)));
            Assert.That(pod.Volumes.Where(volume => volume.ConfigMap is { Optional: not true }).Select(volume => volume.ConfigMap.Name), Is.SubsetOf(_sut.ConfigMaps.Keys));
            Assert.That(container.EnvFrom.Select(source => source.ConfigMapRef.Name), Is.SubsetOf(_sut.ConfigMaps.Keys));
            Assert.That(pod.Volumes.Where(volume => volume.Secret is not null).Select(volume => volume.Secret.SecretName), Is.EqualTo(new[] { Manifests.ExampleSecret().Metadata.Name }));
            Assert.That(container.VolumeMounts.Single(mount => mount.MountPath == "/tmp").ReadOnlyProperty, Is.Not.True, "The only place to write to");
        }
    }

    [Test]
    public void Selectors_FindTheirPods()
    {
        foreach (var deployment in _sut.Deployments)
        {
            Assert.That(_sut.Selected(deployment.Spec.Selector.MatchLabels), Is.EqualTo(new[] { deployment }));
            foreach (var spread in deployment.Spec.Template.Spec.TopologySpreadConstraints)
            {
                Assert.That(_sut.Selected(spread.LabelSelector.MatchLabels), Is.EqualTo(new[] { deployment }));
            }
        }

        foreach (var service in _sut.All<V1Service>())
        {
            var port = service.Spec.Ports.Single();
            var target = Container(_sut.Selected(service.Spec.Selector).Single()).Ports.Single(open => open.Name == port.TargetPort.Value);
            Assert.That(port.Port, Is.EqualTo(target.ContainerPort));
        }
    }

    [Test]
    public void Scaling_IsOfWhatExists()
    {
        var deployments = _sut.Deployments.Select(deployment => deployment.Metadata.Name).ToList();

        Assert.That(_sut.All<V2HorizontalPodAutoscaler>().Select(scaler => $"{scaler.Spec.ScaleTargetRef.Kind} {scaler.Spec.ScaleTargetRef.Name}"), Is.EquivalentTo(deployments.Select(name => $"Deployment {name}")));
        Assert.That(_sut.All<V1PodDisruptionBudget>().Select(budget => _sut.Selected(budget.Spec.Selector.MatchLabels).Single().Metadata.Name), Is.EquivalentTo(deployments));
        Assert.That(_sut.Deployments.Select(deployment => deployment.Spec.Replicas), Is.All.Null, "The autoscaler's number would be undone");
    }

    [Test]
    public void NetworkPolicy_LetsOnlyMonitoringToTheManagementPort()
    {
        var policy = _sut.All<V1NetworkPolicy>().Single();

        Assert.That(_sut.Selected(policy.Spec.PodSelector.MatchLabels), Is.EquivalentTo(_sut.Deployments));
        Assert.That(policy.Spec.PolicyTypes, Is.EqualTo(new[] { "Ingress", "Egress" }));
        var toManagement = policy.Spec.Ingress.Single(rule => rule.Ports.Any(port => port.Port.Value == $"{new ManagementOptions().Port}"));
        Assert.That(toManagement.Ports, Has.Count.EqualTo(1));
        Assert.That(toManagement.FromProperty.Single().NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"], Is.EqualTo("monitoring"));
        Assert.That(policy.Spec.Ingress.Where(rule => rule.FromProperty is not { Count: > 0 } || rule.Ports is not { Count: > 0 }), Is.Empty, "Nobody comes in unnamed");
    }

    private static V1Container Container(V1Deployment deployment) => deployment.Spec.Template.Spec.Containers.Single();

    private Dictionary<string, string> Environment(V1Deployment deployment) => LocalPod.Variables(deployment, _sut.ConfigMaps);
}
