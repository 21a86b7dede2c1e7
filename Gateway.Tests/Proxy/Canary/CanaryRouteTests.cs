using Gateway.Proxy.Canary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Canary;

/// <summary>Who belongs to which cluster.</summary>
[TestFixture]
internal sealed class CanaryRouteTests
{
    private const int Users = 100_000;

    private static readonly string[] Everybody = [.. Enumerable.Range(0, Users).Select(i => $"user-{i}")];

    /// <summary>A gateway of another version, or after a restart, must not draw anew. So these numbers never change.</summary>
    [TestCase("user", "user-v2", "alice", 0.999753358280918)]
    [TestCase("user", "user-v2", "Alice", 0.4337883417411975)]
    [TestCase("USER", "User-V2", "bob", 0.19687256658729146)]
    [TestCase("user", "user-v3", "bob", 0.3765995312223225)]
    [TestCase("user", "user-v2", "用户", 0.139036845994422)]
    public void Draw_IsTheSameForEver(string cluster, string canary, string who, double expected) =>
        Assert.That(CanaryDraw.Of(cluster, canary, who), Is.EqualTo(expected));

    [TestCase("5", 4_700, 5_300)]
    [TestCase("0.1", 70, 130)]
    [TestCase("50", 49_300, 50_700)]
    [TestCase("100", Users, Users)]
    [TestCase("0", 0, 0)]
    public void ByShare_OfManyUsers_GetsItsPercent(string percent, int least, int most) => Assert.That(CanaryOf(Shares(("v2", percent))).Count, Is.InRange(least, most));

    [Test]
    public void ByShare_ThatGrows_MovesNobodyBack()
    {
        HashSet<string> before = [];
        foreach (var percent in new[] { "1", "5", "25", "99.5", "100" })
        {
            var now = CanaryOf(Shares(("v2", percent)));
            Assert.That(now, Is.SupersetOf(before));
            before = now;
        }

        Assert.That(before, Has.Count.EqualTo(Users));
    }

    [Test]
    public void ByShare_Several_EachGetsItsPercentOfAll()
    {
        var sut = Shares(("v2", "20"), ("v3", "30"), ("v4", "50"));

        var groups = Everybody.GroupBy(user => sut.ByShare(user)?.ClusterId ?? "").ToDictionary(group => group.Key, group => group.Count());

        Assert.That(groups.Keys, Is.EquivalentTo(new[] { "v2", "v3", "v4" }), "Nothing is left");
        Assert.That(groups["v2"], Is.InRange(19_400, 20_600));
        Assert.That(groups["v3"], Is.InRange(29_400, 30_600));
    }

    [TestCase("1E-28")]
    [TestCase("1E-300")]
    public void ByShare_NothingIsLeftForTheLast_IsNoFault(string percent) =>
        Assert.That(Shares(("v2", "100"), ("v3", percent)).ByShare("alice")!.ClusterId, Is.EqualTo("v2"));

    [Test]
    public void ByShare_OneOfSeveralGrows_NobodyGoesBackToTheRoutesOwn()
    {
        var (before, now) = (Shares(("v2", "5"), ("v3", "10")), Shares(("v2", "40"), ("v3", "10")));

        var back = Everybody.Where(user => before.ByShare(user) is not null && now.ByShare(user) is null);

        Assert.That(back, Is.Empty);
        Assert.That(Everybody.Count(user => now.ByShare(user)?.ClusterId == "v3"), Is.InRange(9_500, 10_500));
    }

    [TestCase("1", "v2")]
    [TestCase("yes", "v2")]
    [TestCase("no", "user")]
    [TestCase("Yes", null)]
    [TestCase("11", null)]
    [TestCase("", null)]
    public void ByHeader_IsTheExactValue(string value, string? expected) =>
        Assert.That(Headers.ByHeader(new HeaderDictionary { ["X-CANARY"] = value })?.ClusterId, Is.EqualTo(expected));

    [Test]
    public void ByHeader_SentTwice_IsOneOfBoth() =>
        Assert.That(Headers.ByHeader(new HeaderDictionary { ["x-canary"] = new(["2", "1"]) })?.ClusterId, Is.EqualTo("v2"));

    [Test]
    public void Of_NoSetting_IsNull() => Assert.That(CanaryRoute.Of(RouteOf([])), Is.Null);

    [Test]
    public void Of_MetadataOfTheOperators_AreNotRead() =>
        Assert.That(CanaryRoute.Of(RouteOf([], new() { ["Gateway.Canary"] = "[{\"ClusterId\":\"v2\",\"Percent\":100}]" })), Is.Null);

    private static CanaryRoute Headers => CanaryRoute.Of(RouteOf(new()
    {
        ["0:ClusterId"] = "v2",
        ["0:Header"] = "x-canary",
        ["0:Values:0"] = "1",
        ["0:Values:1"] = "yes",
        ["1:ClusterId"] = "user",
        ["1:Header"] = "x-canary",
        ["1:Values:0"] = "no",
    }))!;

    private static HashSet<string> CanaryOf(CanaryRoute sut) => [.. Everybody.Where(user => sut.ByShare(user) is not null)];

    private static CanaryRoute Shares(params (string Cluster, string Percent)[] shares)
    {
        var settings = new Dictionary<string, string?>();
        for (var i = 0; i < shares.Length; i++)
        {
            (settings[$"{i}:ClusterId"], settings[$"{i}:Percent"]) = shares[i];
        }

        return CanaryRoute.Of(RouteOf(settings))!;
    }

    private static RouteConfig RouteOf(Dictionary<string, string?> canary, Dictionary<string, string>? metadata = null)
    {
        metadata ??= [];
        var section = new ConfigurationBuilder().AddInMemoryCollection(canary.Select(setting => KeyValuePair.Create($"r:Canary:{setting.Key}", setting.Value))).Build();
        CanaryRule.Mark(metadata, section.GetSection("r"));
        return new RouteConfig { RouteId = "r", ClusterId = "user", Metadata = metadata };
    }
}
