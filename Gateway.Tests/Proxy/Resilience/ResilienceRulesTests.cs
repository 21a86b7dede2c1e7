using Gateway.Proxy.Resilience;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class ResilienceRulesTests
{
    [TestCase("EjectAfterFailures", "0", "1 to 1000")]
    [TestCase("EjectAtFailurePercent", "101", "1 to 100")]
    [TestCase("MaxEjectedPercent", "100", "0 to 99")]
    [TestCase("MaxRetries", "many", "0 to 5")]
    [TestCase("RetryBudgetPercent", "-1", "0 to 100")]
    [TestCase("BreakerFailurePercent", "0.8", "0 to 100")]
    [TestCase("BreakerPauseSeconds", "", "1 to 300")]
    public void Check_NumberOutOfRange_IsRefused(string key, string value, string range) => Assert.That(ResilienceRules.Check(Cluster(key, value)), Is.EqualTo(new[]
    {
        $"Cluster 'c': metadata '{key}' is '{value}'; use a number from {range}, or leave it out.",
    }));

    [Test]
    public void Check_NumberInRange_IsTaken()
    {
        var cluster = Cluster("MaxRetries", "5");

        Assert.That(ResilienceRules.Check(cluster), Is.Empty);
        Assert.That(ResilienceSettings.Of(cluster).MaxRetries, Is.EqualTo(5));
    }

    [Test]
    public void Settings_Unset_AreTheDefaults() => Assert.That(
        ResilienceSettings.Of(new ClusterConfig()),
        Is.EqualTo(new ResilienceSettings(5, 50, 67, TimeSpan.FromSeconds(5), 2, 20, 80, TimeSpan.FromSeconds(5))));

    [Test]
    public void Check_IdempotentUnclear_IsRefused() => Assert.That(ResilienceRules.Check(Route("yes")), Is.EqualTo(new[]
    {
        "Route 'r': metadata 'Idempotent' is 'yes'; use 'true' or 'false'.",
    }));

    [TestCase("true", true)]
    [TestCase("False", false)]
    public void Check_Idempotent_IsTaken(string value, bool expected)
    {
        Assert.That(ResilienceRules.Check(Route(value)), Is.Empty);
        Assert.That(ResilienceSettings.IsIdempotent(Route(value)), Is.EqualTo(expected));
    }

    private static ClusterConfig Cluster(string key, string value) => new() { ClusterId = "c", Metadata = new Dictionary<string, string> { [key] = value } };

    private static RouteConfig Route(string value) => new() { RouteId = "r", Metadata = new Dictionary<string, string> { ["Idempotent"] = value } };
}
