using Gateway.Tests.Support;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class RpcConfigFilterTests
{
    private readonly RpcConfigFilter _sut = new();

    [TestCase(null, 2)]
    [TestCase("grpc", 2)]
    [TestCase("GRPC", 2)]
    [TestCase("http", 1)]
    [TestCase("Http", 1)]
    [TestCase("brpc", 1)]
    public async Task ConfigureCluster_NoVersion_IsTheProtocolsAlone(string? protocol, int major)
    {
        var request = (await FilterAsync(Cluster(protocol))).HttpRequest;

        Assert.That(request, Is.EqualTo(new ForwarderRequestConfig
        {
            Version = new Version(major, major == 1 ? 1 : 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            ActivityTimeout = TimeSpan.FromHours(1),
        }));
    }

    [Test]
    public async Task ConfigureCluster_OtherRequestSettings_Stay()
    {
        var cluster = Cluster("http") with { HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(5), AllowResponseBuffering = true } };

        Assert.That((await FilterAsync(cluster)).HttpRequest, Is.EqualTo(new ForwarderRequestConfig
        {
            Version = new Version(1, 1),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            ActivityTimeout = TimeSpan.FromSeconds(5),
            AllowResponseBuffering = true,
        }));
    }

    [Test]
    public async Task ConfigureCluster_VersionNamed_KeepsItAndGetsTheRest()
    {
        var cluster = Cluster("grpc") with
        {
            HttpRequest = new ForwarderRequestConfig { Version = new Version(1, 1), VersionPolicy = HttpVersionPolicy.RequestVersionOrLower },
        };

        Assert.That((await FilterAsync(cluster)).HttpRequest, Is.EqualTo(cluster.HttpRequest with { ActivityTimeout = TimeSpan.FromHours(1) }));
    }

    [Test]
    public async Task ConfigureRoute_IsLeftAlone() => Assert.That((await FilterAsync(Route("Rpc"))).Timeout, Is.Null);

    [TestCase(null, true)]
    [TestCase("grpc", true)]
    [TestCase("HTTP", true)]
    [TestCase("Brpc", true)]
    [TestCase("", false)]
    [TestCase("http2", false)]
    public void IsProtocolKnown_Name_IsOneOfThree(string? protocol, bool expected)
    {
        Assert.That(RpcClusters.IsProtocolKnown(Cluster(protocol), out var name), Is.EqualTo(expected));
        Assert.That(name, Is.EqualTo(protocol));
    }

    private Task<ClusterConfig> FilterAsync(ClusterConfig cluster) => _sut.ConfigureClusterAsync(cluster, CancellationToken.None).DefaultTimeout();

    private Task<RouteConfig> FilterAsync(RouteConfig route) => _sut.ConfigureRouteAsync(route, null, CancellationToken.None).DefaultTimeout();

    private static ClusterConfig Cluster(string? protocol) => new()
    {
        ClusterId = "c",
        Metadata = protocol is null ? null : new Dictionary<string, string> { ["Protocol"] = protocol },
    };

    private static RouteConfig Route(string transform) =>
        new() { RouteId = "r", Transforms = [new Dictionary<string, string> { [transform] = "bite_im.UserService/UserLogin" }] };
}
