using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class UnknownSettingsTests
{
    private const string RouteNames = "AuthorizationPolicy, ClusterId, CorsPolicy, Match, MaxRequestBodySize, Metadata, Order, OutputCachePolicy, "
        + "RateLimiterPolicy, Timeout, TimeoutPolicy, Transforms";

    [Test]
    public void Find_EverySettingKnown_IsEmpty() => Assert.That(
        Find(
            "Routes:r:ClusterId", "Routes:r:match:path", "Routes:r:Match:Methods:0", "Routes:r:Transforms:0:Anything", "Routes:r:Metadata:Anything",
            "Clusters:c:Destinations:d:Address", "Clusters:c:Destinations:d:Health", "Clusters:c:Metadata:Protocol", "Clusters:c:HttpRequest:Version"),
        Is.Empty);

    [Test]
    public void Find_MisspeltInARoute_IsNamed() => Assert.That(Find("Routes:r:MaxRequestBodysSize"), Is.EqualTo(new[]
    {
        $"Route 'r' has no setting 'MaxRequestBodysSize'; did you mean 'MaxRequestBodySize'? It knows {RouteNames}.",
    }));

    [Test]
    public void Find_IdInARoute_IsNamedForNothingReadsIt() => Assert.That(Find("Routes:r:RouteId"), Is.EqualTo(new[]
    {
        $"Route 'r' has no setting 'RouteId'; it knows {RouteNames}.",
    }));

    [Test]
    public void Find_MisspeltInAMatch_IsNamed() => Assert.That(Find("Routes:r:Match:Method:0"), Is.EqualTo(new[]
    {
        "Route 'r': Match has no setting 'Method'; did you mean 'Methods'? It knows Headers, Hosts, Methods, Path, QueryParameters.",
    }));

    [Test]
    public void Find_MisspeltInACluster_IsNamed() => Assert.That(Find("Clusters:c:Destination:d:Address"), Is.EqualTo(new[]
    {
        "Cluster 'c' has no setting 'Destination'; did you mean 'Destinations'? It knows Destinations, HealthCheck, HttpClient, HttpRequest, LoadBalancingPolicy, Metadata, SessionAffinity.",
    }));

    [Test]
    public void Find_MisspeltInADestination_IsNamed() => Assert.That(Find("Clusters:c:Destinations:d:Adress"), Is.EqualTo(new[]
    {
        "Cluster 'c': destination 'd' has no setting 'Adress'; did you mean 'Address'? It knows Address, Health, Host, Metadata.",
    }));

    [TestCase("Routes:r:Match:Headers:0:Nme", "Route 'r': Match:Headers:0 has no setting 'Nme'; did you mean 'Name'? It knows IsCaseSensitive, Mode, Name, Values.")]
    [TestCase("Clusters:c:HealthCheck:Active:Intervall", "Cluster 'c': HealthCheck:Active has no setting 'Intervall'; did you mean 'Interval'? It knows Enabled, Interval, Path, Policy, Query, Timeout.")]
    [TestCase("Clusters:c:SessionAffinity:Cookie:Colour", "Cluster 'c': SessionAffinity:Cookie has no setting 'Colour'; it knows Domain, Expiration, HttpOnly, IsEssential, MaxAge, Path, SameSite, SecurePolicy.")]
    [TestCase("Clusters:c:HttpRequest:ActivityTimeOuts", "Cluster 'c': HttpRequest has no setting 'ActivityTimeOuts'; did you mean 'ActivityTimeout'? It knows ActivityTimeout, AllowResponseBuffering, Version, VersionPolicy.")]
    [TestCase("Cluster:c:Metadata:Protocol", "Section 'ReverseProxy' has no setting 'Cluster'; did you mean 'Clusters'? It knows Clusters, Routes.")]
    [TestCase("Routes:r:Timeout:Seconds", "Route 'r': Timeout is a single value, and has settings below it; write it as one text or number.")]
    [TestCase("Routes:r:Transforms:0:Rpc:Method", "Route 'r': Transforms:0:Rpc is a single value, and has settings below it; write it as one text or number.")]
    [TestCase("Routes:r:Match:Methods:0:Post", "Route 'r': Match:Methods:0 is a single value, and has settings below it; write it as one text or number.")]
    [TestCase("Clusters:c:Destinations:d:Health:Url", "Cluster 'c': destination 'd': Health is a single value, and has settings below it; write it as one text or number.")]
    public void Find_MisspeltFurtherDown_IsNamed(string key, string sentence) => Assert.That(Find(key), Is.EqualTo(new[] { sentence }));

    [Test]
    public void Find_FlagsAsAList_AreKnown() => Assert.That(Find("Clusters:c:HttpClient:SslProtocols:0"), Is.Empty);

    [TestCase("Gateway:Etcd:Endpoints")]
    [TestCase("Gateway:RoutesFolder")]
    [TestCase("Gateway:DescriptorSets:0")]
    [TestCase("gateway:cors:allowedorigins:0")]
    [TestCase("Gateway:Sessions:KeyPattern")]
    [TestCase("Gateway:Sessions:MaxIdLength")]
    [TestCase("Gateway:Notify:PingInterval")]
    public void FindInGateway_KnownAnywhere_IsTaken(string key) => Assert.That(FindInGateway(key), Is.Empty);

    [TestCase("Gateway:Etcd:EndPoint", "Gateway:Etcd has no setting 'EndPoint'; did you mean 'Endpoints'? It knows CertificateAuthorityFile, CertificateFile, ConnectTimeout, ")]
    [TestCase("Gateway:Redes:Configuration", "Gateway has no setting 'Redes'; did you mean 'Redis'? It knows ")]
    [TestCase("Gateway:Sessions:Tracking", "Gateway:Sessions has no setting 'Tracking'; it knows CacheEntries, CacheTtl, ", Description = "It was one once")]
    [TestCase("Gateway:RoutesFile:Path", "Gateway:RoutesFile is a single value, and has settings below it; ")]
    public void FindInGateway_Misspelt_IsNamed(string key, string sentence) =>
        Assert.That(FindInGateway(key).Single(), Does.StartWith(sentence));

    private static IEnumerable<string> Find(params string[] keys) => UnknownSettings.FindInRoutes(Settings(keys));

    private static IEnumerable<string> FindInGateway(params string[] keys) =>
        UnknownSettings.FindInGateway(Settings(keys), new KnownSettings(GatewayHost.CreateBuilder([]).Services));

    private static IConfiguration Settings(string[] keys) =>
        new ConfigurationBuilder().AddInMemoryCollection(keys.Select(key => KeyValuePair.Create(key, (string?)"x"))).Build();
}
