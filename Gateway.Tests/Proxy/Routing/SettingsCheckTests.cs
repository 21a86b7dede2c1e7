using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class SettingsCheckTests
{
    private const string RouteNames = "AuthorizationPolicy, Canary, ClusterId, CorsPolicy, Match, MaxRequestBodySize, Metadata, Order, OutputCachePolicy, "
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
    public void Find_RoutesWrittenAsAText_AreNamed() => Assert.That(Check("ReverseProxy:Routes", "see below", SettingsCheck.OfRoutes).Errors, Is.EqualTo(new[]
    {
        "ReverseProxy:Routes is a single value (a.json); write it as an object with one entry for each id.",
    }));

    [Test]
    public void Find_FlagsAsAList_AreKnown() => Assert.That(Check("ReverseProxy:Clusters:c:HttpClient:SslProtocols:0", "tls12", SettingsCheck.OfRoutes).Errors, Is.Empty);

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

    [TestCase("Routes:r:Timeout", "five", "Route 'r': Timeout is 'five' (a.json); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day.")]
    [TestCase("Routes:r:Order", "first", "Route 'r': Order is 'first' (a.json); use a whole number, at most 2147483647.")]
    [TestCase("Routes:r:MaxRequestBodySize", "9223372036854775808", "Route 'r': MaxRequestBodySize is '9223372036854775808' (a.json); use a whole number, at most 9223372036854775807.")]
    [TestCase("Routes:r:Match:Headers:0:IsCaseSensitive", "", "Route 'r': Match:Headers:0:IsCaseSensitive is '' (a.json); use 'true' or 'false'.")]
    [TestCase("Routes:r:Match:Headers:0:Mode", "Exist", "Route 'r': Match:Headers:0:Mode is 'Exist' (a.json); use 'ExactHeader', 'HeaderPrefix', 'Contains', 'NotContains', 'Exists' or 'NotExists'.")]
    [TestCase("Clusters:c:HttpRequest:Version", "two", "Cluster 'c': HttpRequest:Version is 'two' (a.json); use a version, as '2' or '1.1'.")]
    [TestCase("Clusters:c:HttpClient:SslProtocols:0", "Tls14", "Cluster 'c': HttpClient:SslProtocols:0 is 'Tls14' (a.json); use 'None', 'Ssl2', 'Ssl3', 'Tls', 'Default', 'Tls11', 'Tls12' or 'Tls13'.")]
    [TestCase("Clusters:c:HttpClient:SslProtocols", "Tls12", "Cluster 'c': HttpClient:SslProtocols is a single value (a.json); write it as a list.")]
    [TestCase("Clusters:c:HttpClient:WebProxy:Address", "proxy", "Cluster 'c': HttpClient:WebProxy:Address is 'proxy' (a.json); use an address, as 'http://host:port'.")]
    [TestCase("Clusters:c:HttpClient:WebProxy:Address", "http://me:secret@proxy:x", "Cluster 'c': HttpClient:WebProxy:Address is '(hidden)' (a.json); use an address, as 'http://host:port'.")]
    [TestCase("Clusters:c:Destinations:d", "http://10.0.0.1", "Cluster 'c': destination 'd' is a single value (a.json); write it as an object with Address, Health, Host, Metadata.")]
    [TestCase("Clusters:c:Metadata", "grpc", "Cluster 'c': Metadata is a single value (a.json); write it as an object.")]
    [TestCase("Routes:r:Match:Methods", "POST", "Route 'r': Match:Methods is a single value (a.json); write it as a list.")]
    public void Find_Unreadable_IsNamedWithItsPlace(string key, string value, string sentence) =>
        Assert.That(Check("ReverseProxy:" + key, value, SettingsCheck.OfRoutes).Errors, Is.EqualTo(new[] { sentence }));

    [TestCase("Gateway:Telemetry:TraceRatio", "half", "Gateway:Telemetry:TraceRatio is 'half' (a.json); use a number, as '0.5'.")]
    [TestCase("Gateway:RateLimits:calls:Per", "Person", "Gateway:RateLimits:calls:Per is 'Person' (a.json); use 'Address', 'User', 'Field' or 'Global'.")]
    [TestCase("Gateway:Redis", "10.0.0.1:6379,password=secret", "Gateway:Redis is a single value (a.json); write it as an object with CertificateAuthorityFile, CertificateFile, Configuration, KeyFile, PasswordFile.")]
    public void FindInGateway_Unreadable_IsNamedWithItsPlace(string key, string value, string sentence) =>
        Assert.That(Check(key, value, InGateway).Errors, Is.EqualTo(new[] { sentence }));

    [Test]
    public void Unreadable_InAnElementOfAList_IsTheWholeElement()
    {
        var sut = Check("ReverseProxy:Routes:r:Match:Headers:1:Mode", "x", SettingsCheck.OfRoutes);

        Assert.That(sut.IsUnreadable("ReverseProxy:Routes:r:Match:Headers:1:Name"), Is.True);
        Assert.That(sut.IsUnreadable("ReverseProxy:Routes:r:Match:Headers:10:Name"), Is.False);
        Assert.That((sut.IsMatchReadable("r"), sut.IsMatchReadable("s")), Is.EqualTo((false, true)));
    }

    private static IEnumerable<string> Find(params string[] keys) =>
        SettingsCheck.OfRoutes(Settings(keys.Select(key => KeyValuePair.Create("ReverseProxy:" + key, (string?)null))), new RouteOrigins()).Errors;

    private static IEnumerable<string> FindInGateway(params string[] keys) =>
        InGateway(Settings(keys.Select(key => KeyValuePair.Create(key, (string?)null))), new RouteOrigins()).Errors;

    private static SettingsCheck InGateway(IConfiguration settings, RouteOrigins origins) =>
        SettingsCheck.OfGateway(settings, new KnownSettings(GatewayHost.CreateBuilder([]).Services), origins);

    private static SettingsCheck Check(string key, string value, Func<IConfiguration, RouteOrigins, SettingsCheck> check)
    {
        var origins = new RouteOrigins();
        origins.Add(key, "a.json");
        return check(Settings([KeyValuePair.Create(key, (string?)value)]), origins);
    }

    private static IConfiguration Settings(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}
