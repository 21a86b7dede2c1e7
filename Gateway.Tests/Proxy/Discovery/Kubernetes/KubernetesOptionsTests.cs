using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Kubernetes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

internal sealed class KubernetesOptionsTests
{
    [Test]
    public void Defaults_OutsideOfAPod_AreValidAndNameNoServer()
    {
        var sut = Bind([]);

        Assert.That((sut.ApiServer, sut.OwnNamespace, sut.PreferZone), Is.EqualTo(("", "default", false)));
        Assert.That((sut.ResyncInterval, sut.EmptyServiceGrace, sut.Debounce), Is.EqualTo((TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(50))));
        Assert.That(sut.Tls.IsSet, Is.False);
    }

    [TestCase("10.96.0.1", "443", "https://10.96.0.1:443")]
    [TestCase("10.96.0.1", null, "https://10.96.0.1:443")]
    [TestCase("fd00::1", "6443", "https://[fd00::1]:6443")]
    public void ApiServer_WithinAPod_IsThatOfTheEnvironment(string host, string? port, string expected) => Assert.That(
        Bind(new() { ["KUBERNETES_SERVICE_HOST"] = host, ["KUBERNETES_SERVICE_PORT"] = port }).ApiServer, Is.EqualTo(expected));

    [Test]
    public void ApiServer_ThatIsSet_Wins() => Assert.That(
        Bind(new() { ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1", ["Gateway:Kubernetes:ApiServer"] = "http://127.0.0.1:8001" }).ApiServer, Is.EqualTo("http://127.0.0.1:8001"));

    [TestCase("ApiServer", "10.0.0.1:6443", "Gateway:Kubernetes:ApiServer is '10.0.0.1:6443'; write it as 'https://host:6443'.")]
    [TestCase("ApiServer", "https://a:b@host", "Gateway:Kubernetes:ApiServer is 'https://(hidden)@host'; write it as 'https://host:6443'.")]
    [TestCase("Namespace", "Chat/x", "Gateway:Kubernetes:Namespace is 'Chat/x'; use the name of a namespace, as 'chat'.")]
    [TestCase("PreferZone", "true", "Gateway:Kubernetes:PreferZone is true, but Zone is empty; set it to the zone of the node that this gateway runs on, or leave PreferZone out.")]
    [TestCase("ResyncInterval", "00:00:00.5", "Gateway:Kubernetes:ResyncInterval is '00:00:00.5000000'; use a time from '00:00:01' to '01:00:00', written as hours:minutes:seconds.")]
    [TestCase("RetryDelayMin", "00:00:06", "Gateway:Kubernetes:RetryDelayMin is '00:00:06'; it must not exceed RetryDelayMax, which is '00:00:05'.")]
    public void Mistakes_AreNamed(string setting, string value, string expected) => Assert.That(
        Assert.Throws<OptionsValidationException>(() => Bind(new() { [$"Gateway:Kubernetes:{setting}"] = value }))!.Failures, Is.EqualTo(new[] { expected }));

    [Test]
    public void TokenFile_ThatIsMissing_IsNamed() => Assert.That(
        Assert.Throws<OptionsValidationException>(() => Bind(new() { ["Gateway:Kubernetes:TokenFile"] = "/no/token" }))!.Failures.Single(),
        Does.StartWith("Gateway:Kubernetes:TokenFile is '/no/token', which cannot be read ("));

    [Test]
    public void CertificateAuthorityFile_ThatIsMissing_IsNamed() => Assert.That(
        Assert.Throws<OptionsValidationException>(() => Bind(new() { ["Gateway:Kubernetes:CertificateAuthorityFile"] = "/no/ca" }))!.Failures.Single(),
        Does.StartWith("Gateway:Kubernetes:CertificateAuthorityFile is '/no/ca', which cannot be used ("));

    private static KubernetesOptions Bind(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging();
        services.AddDiscovery();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<KubernetesOptions>>().Value;
    }
}
