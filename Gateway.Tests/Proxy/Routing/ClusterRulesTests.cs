using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class ClusterRulesTests
{
    [TestCase("http://10.0.0.1:9100")]
    [TestCase("https://user.example:9100/")]
    [TestCase("http://localhost")]
    [TestCase("etcd:///service/user_service")]
    [TestCase("etcd:///service/speech/recognition")]
    [TestCase("k8s://user.chat:grpc")]
    [TestCase("dns://user.chat.svc.cluster.local:9000")]
    [TestCase("dns+srv://_grpc._tcp.user.chat.svc.cluster.local")]
    public void Check_Address_IsValid(string address) => Assert.That(ClusterRules.Check(Cluster(address)), Is.Empty);

    [TestCase("")]
    [TestCase(null)]
    [TestCase("10.0.0.1:9100")]
    [TestCase("localhost:9100")]
    [TestCase("tcp://10.0.0.1:9100")]
    [TestCase("/service/user_service")]
    public void Check_NoAddress_IsRefused(string? address) => Assert.That(ClusterRules.Check(Cluster(address!)), Is.EqualTo(new[]
    {
        $"Cluster 'c': destination 'd' has the address '{address}'; use 'http://host:port', 'https://host:port', 'etcd:///service/name', 'k8s://service.namespace:port', 'dns://name:port' or 'dns+srv://name'.",
    }));

    [TestCase("http://user:hush@10.0.0.1:9100", "http://(hidden)@10.0.0.1:9100")]
    [TestCase("user:hush@10.0.0.1:9100", "(hidden)@10.0.0.1:9100")]
    public void Check_AddressWithPassword_IsRefusedWithoutIt(string address, string shown) => Assert.That(ClusterRules.Check(Cluster(address)), Is.EqualTo(new[]
    {
        $"Cluster 'c': destination 'd' has the address '{shown}'; use 'http://host:port', 'https://host:port', 'etcd:///service/name', 'k8s://service.namespace:port', 'dns://name:port' or 'dns+srv://name'.",
    }));

    [Test]
    public void Check_NoDestinations_IsRefused()
    {
        string[] expected = ["Cluster 'c' has no destinations; give at least one with an 'Address'."];

        Assert.That(ClusterRules.Check(new ClusterConfig { ClusterId = "c" }), Is.EqualTo(expected));
        Assert.That(ClusterRules.Check(new ClusterConfig { ClusterId = "c", Destinations = new Dictionary<string, DestinationConfig>() }), Is.EqualTo(expected));
    }

    [TestCase("grpc")]
    [TestCase("brpc")]
    [TestCase("HTTP")]
    public void Check_ProtocolKnown_IsValid(string protocol) => Assert.That(ClusterRules.Check(Cluster("http://a:1", protocol)), Is.Empty);

    [Test]
    public void Check_ProtocolUnknown_IsRefused() => Assert.That(ClusterRules.Check(Cluster("http://a:1", "thrift")), Is.EqualTo(new[]
    {
        "Cluster 'c': metadata 'Protocol' is 'thrift'; use 'grpc', 'brpc' or 'http'.",
    }));

    [Test]
    public void Check_CertificatesThatCannotBeUsed_AreNamed()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.IssueFiles("gateway");
        var (other, _) = authority.IssueFiles("other");

        Assert.That(ClusterRules.Check(Secure(("CertificateAuthorityFile", authority.File), ("CertificateFile", certificate), ("KeyFile", key))), Is.Empty);
        Assert.That(ClusterRules.Check(Secure(("CertificateAuthorityFile", key))), Is.EqualTo(new[]
        {
            $"Cluster 'c': metadata CertificateAuthorityFile is '{key}', which cannot be used (it holds no certificate); put PEM certificates there.",
        }));
        Assert.That(ClusterRules.Check(Secure(("CertificateFile", other), ("KeyFile", key))).Single(), Does.StartWith($"Cluster 'c': the certificate '{other}' with the key '{key}' cannot be used ("));
        Assert.That(ClusterRules.Check(Secure(("CertificateFile", "/no/crt"))).Single(), Does.StartWith("Cluster 'c': the certificate '/no/crt' with the key '/no/crt' cannot be used ("));
        Assert.That(ClusterRules.Check(Secure(("KeyFile", key))), Is.EqualTo(new[]
        {
            $"Cluster 'c': metadata KeyFile is '{key}', but CertificateFile is empty; name the certificate that the key belongs to.",
        }));
    }

    [TestCase("http://a:1", "ServerName", "b", "Cluster 'c': destination 'd' has the address 'http://a:1', but the cluster has settings for TLS; write 'https://', or leave them out.")]
    [TestCase("https://a:1", "ServerName", "https://b", "Cluster 'c': metadata 'ServerName' is 'https://b'; use the name in the instances' certificate, as 'user.internal', without scheme and port.")]
    [TestCase("etcd:///service/a", "ServerName", "b", "Cluster 'c' has settings for TLS, but instances of 'etcd:///service/a' that do not say 'https://' would be spoken to without; add the metadata 'Scheme': 'https', or leave them out.")]
    [TestCase("k8s://a.b:grpc", "ServerName", "b", "Cluster 'c' has settings for TLS, but instances of 'k8s://a.b:grpc' that do not say 'https://' would be spoken to without; add the metadata 'Scheme': 'https', or leave them out.")]
    [TestCase("etcd:///service/a", "Scheme", "tls", "Cluster 'c': metadata 'Scheme' is 'tls'; use 'http' or 'https', or leave it out.")]
    public void Check_TlsThatContradicts_IsRefused(string address, string key, string value, string error) => Assert.That(
        UpstreamSettings.Check(Cluster(address) with { Metadata = new Dictionary<string, string> { [key] = value } }), Is.EqualTo(new[] { error }));

    [Test]
    public void Check_TlsThroughAProxy_IsRefused() => Assert.That(
        UpstreamSettings.Check(Secure(("ServerName", "b")) with { HttpClient = new HttpClientConfig { WebProxy = new WebProxyConfig { Address = new Uri("http://p:1") } } }),
        Is.EqualTo(new[] { "Cluster 'c' has HttpClient:WebProxy beside settings for TLS, which do not hold through a proxy; leave one of them out." }));

    private static ClusterConfig Secure(params (string Key, string Value)[] metadata) =>
        Cluster("https://a:1") with { Metadata = metadata.ToDictionary(pair => pair.Key, pair => pair.Value) };

    private static ClusterConfig Cluster(string address, string? protocol = null) => new()
    {
        ClusterId = "c",
        Destinations = new Dictionary<string, DestinationConfig> { ["d"] = new() { Address = address } },
        Metadata = protocol is null ? null : new Dictionary<string, string> { ["Protocol"] = protocol },
    };
}
