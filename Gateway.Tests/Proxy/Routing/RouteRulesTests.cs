using Gateway.Proxy.Routing;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class RouteRulesTests
{
    private static readonly HashSet<string> Clusters = new(StringComparer.OrdinalIgnoreCase) { "user", "friend" };

    [TestCase("user")]
    [TestCase("USER")]
    public void CheckCluster_Known_IsValid(string cluster) => Assert.That(RouteRules.CheckCluster(InCluster("a", cluster), Clusters), Is.Empty);

    [TestCase(null)]
    [TestCase("")]
    public void CheckCluster_None_IsRefused(string? cluster) => Assert.That(RouteRules.CheckCluster(InCluster("a", cluster), Clusters), Is.EqualTo(new[]
    {
        "Route 'a' has no 'ClusterId'; use one of 'friend', 'user'.",
    }));

    [Test]
    public void CheckCluster_Unknown_IsRefused() => Assert.That(RouteRules.CheckCluster(InCluster("a", "users"), Clusters), Is.EqualTo(new[]
    {
        "Route 'a': ClusterId is 'users', which is no cluster; use one of 'friend', 'user'.",
    }));

    [Test]
    public void CheckCluster_NoClustersAtAll_SaysSo() => Assert.That(RouteRules.CheckCluster(InCluster("a", "user"), new HashSet<string>()), Is.EqualTo(new[]
    {
        "Route 'a': ClusterId is 'user', which is no cluster; there are no clusters.",
    }));

    [TestCase("/a/b", "/a/b")]
    [TestCase("/a/b", "/A/B/", Description = "Case and the last slash do not matter")]
    [TestCase("/a/{id}", "/a/{name}", Description = "Nor do the names of parameters")]
    [TestCase("/a/{**rest}", "/a/{**all}")]
    public void CheckEqualMatches_SamePath_IsRefused(string first, string second) =>
        Assert.That(Check(Route("a", first, "POST"), Route("b", second, "post", "GET")), Is.EqualTo(new[]
        {
            $"Routes 'a' and 'b' both match '{first}'; change one path, or give them different 'Order'.",
        }));

    [TestCase("/a/b", "/a/c")]
    [TestCase("/a/{id}", "/a/b", Description = "The literal one wins")]
    [TestCase("/a/{id}", "/a/{id:int}", Description = "The constrained one wins")]
    [TestCase("/a/{id}", "/a/{**id}")]
    public void CheckEqualMatches_OtherPath_IsValid(string first, string second) => Assert.That(Check(Route("a", first, "POST"), Route("b", second, "POST")), Is.Empty);

    [Test]
    public void CheckEqualMatches_OtherMethods_AreValid() => Assert.That(Check(Route("a", "/x", "POST"), Route("b", "/x", "GET", "PUT")), Is.Empty);

    [Test]
    public void CheckEqualMatches_MethodsOnOneAlone_IsValidForItWins() => Assert.That(Check(Route("a", "/x", "POST"), Route("b", "/x")), Is.Empty);

    [Test]
    public void CheckEqualMatches_NoMethodsOnEither_IsRefused() => Assert.That(Check(Route("a", "/x"), Route("b", "/x")), Has.One.Items);

    [Test]
    public void CheckEqualMatches_OtherOrder_IsValid() => Assert.That(Check(Route("a", "/x", "POST"), Route("b", "/x", "POST") with { Order = 1 }), Is.Empty);

    [Test]
    public void CheckEqualMatches_OrderZero_IsTheDefault() =>
        Assert.That(Check(Route("a", "/x", "POST"), Route("b", "/x", "POST") with { Order = 0 }), Has.One.Items);

    [Test]
    public void CheckEqualMatches_OtherHosts_AreValid() => Assert.That(Check(WithHosts("a", "one.example"), WithHosts("b", "two.example")), Is.Empty);

    [Test]
    public void CheckEqualMatches_SameHostsInAnotherOrder_AreRefused() =>
        Assert.That(Check(WithHosts("a", "one.example", "two.example"), WithHosts("b", "TWO.example", "one.example")), Has.One.Items);

    [Test]
    public void CheckEqualMatches_Headers_TellRoutesApart() => Assert.That(Check(WithHeader("a", "1"), WithHeader("b", "2"), WithHeader("c", "1")), Is.EqualTo(new[]
    {
        "Routes 'a' and 'c' both match '/x'; change one path, or give them different 'Order'.",
    }));

    [Test]
    public void CheckEqualMatches_QueryParameters_TellRoutesApart() =>
        Assert.That(Check(WithQuery("a", "1"), WithQuery("b", "2"), WithQuery("c", "1")), Is.EqualTo(new[]
        {
            "Routes 'a' and 'c' both match '/x'; change one path, or give them different 'Order'.",
        }));

    [Test]
    public void CheckEqualMatches_ThreeAlike_NamesEveryPair() => Assert.That(Check(Route("a", "/x"), Route("b", "/x"), Route("c", "/x")), Is.EqualTo(new[]
    {
        "Routes 'a' and 'b' both match '/x'; change one path, or give them different 'Order'.",
        "Routes 'a' and 'c' both match '/x'; change one path, or give them different 'Order'.",
        "Routes 'b' and 'c' both match '/x'; change one path, or give them different 'Order'.",
    }));

    private static IEnumerable<string> Check(params RouteConfig[] routes) => RouteRules.CheckEqualMatches(routes);

    private static RouteConfig InCluster(string id, string? cluster) => new() { RouteId = id, ClusterId = cluster, Match = new RouteMatch { Path = "/x" } };

    private static RouteConfig Route(string id, string path, params string[] methods) =>
        new() { RouteId = id, ClusterId = "user", Match = new RouteMatch { Path = path, Methods = methods.Length == 0 ? null : methods } };

    private static RouteConfig WithHosts(string id, params string[] hosts) => new() { RouteId = id, Match = new RouteMatch { Path = "/x", Hosts = hosts } };

    private static RouteConfig WithHeader(string id, string value) =>
        new() { RouteId = id, Match = new RouteMatch { Path = "/x", Headers = [new RouteHeader { Name = "h", Values = [value] }] } };

    private static RouteConfig WithQuery(string id, string value) =>
        new() { RouteId = id, Match = new RouteMatch { Path = "/x", QueryParameters = [new RouteQueryParameter { Name = "q", Values = [value] }] } };
}
