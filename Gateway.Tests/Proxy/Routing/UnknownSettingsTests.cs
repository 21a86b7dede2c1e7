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
        $"Route 'r' has no setting 'MaxRequestBodysSize'; it knows {RouteNames}.",
    }));

    [Test]
    public void Find_IdInARoute_IsNamedForNothingReadsIt() => Assert.That(Find("Routes:r:RouteId"), Is.EqualTo(new[]
    {
        $"Route 'r' has no setting 'RouteId'; it knows {RouteNames}.",
    }));

    [Test]
    public void Find_MisspeltInAMatch_IsNamed() => Assert.That(Find("Routes:r:Match:Method:0"), Is.EqualTo(new[]
    {
        "Route 'r': Match has no setting 'Method'; it knows Headers, Hosts, Methods, Path, QueryParameters.",
    }));

    [Test]
    public void Find_MisspeltInACluster_IsNamed() => Assert.That(Find("Clusters:c:Destination:d:Address"), Is.EqualTo(new[]
    {
        "Cluster 'c' has no setting 'Destination'; it knows Destinations, HealthCheck, HttpClient, HttpRequest, LoadBalancingPolicy, Metadata, SessionAffinity.",
    }));

    [Test]
    public void Find_MisspeltInADestination_IsNamed() => Assert.That(Find("Clusters:c:Destinations:d:Adress"), Is.EqualTo(new[]
    {
        "Cluster 'c': destination 'd' has no setting 'Adress'; it knows Address, Health, Host, Metadata.",
    }));

    private static IEnumerable<string> Find(params string[] keys) => UnknownSettings.Find(
        new ConfigurationBuilder().AddInMemoryCollection(keys.Select(key => KeyValuePair.Create(key, (string?)"x"))).Build());
}
