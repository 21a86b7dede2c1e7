using Gateway.Proxy.Routing;
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
    public void Check_Address_IsValid(string address) => Assert.That(ClusterRules.Check(Cluster(address)), Is.Empty);

    [TestCase("")]
    [TestCase(null)]
    [TestCase("10.0.0.1:9100")]
    [TestCase("localhost:9100")]
    [TestCase("tcp://10.0.0.1:9100")]
    [TestCase("/service/user_service")]
    public void Check_NoAddress_IsRefused(string? address) => Assert.That(ClusterRules.Check(Cluster(address!)), Is.EqualTo(new[]
    {
        $"Cluster 'c': destination 'd' has the address '{address}'; use 'http://host:port', 'https://host:port' or 'etcd:///service/name'.",
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

    private static ClusterConfig Cluster(string address, string? protocol = null) => new()
    {
        ClusterId = "c",
        Destinations = new Dictionary<string, DestinationConfig> { ["d"] = new() { Address = address } },
        Metadata = protocol is null ? null : new Dictionary<string, string> { ["Protocol"] = protocol },
    };
}
