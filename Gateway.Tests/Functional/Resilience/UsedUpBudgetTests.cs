using Gateway.Proxy.Resilience.Retries;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A cluster that fails as a whole does not get three times its load.</summary>
[TestFixture]
internal sealed class UsedUpBudgetTests : InstancesTest
{
    private const int Calls = RetryBudget.Least;

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "RetryBudgetPercent"] = "0",
        [Metadata + "EjectAfterFailures"] = "1000",
        [Metadata + "EjectAtFailurePercent"] = "100",
        [Metadata + "BreakerFailurePercent"] = "0",
    };

    // It stands still, so that no part of the budget comes back.
    protected override void Configure(WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)));

    [Test]
    public async Task Cluster_AllInstancesFail_FurtherCallsAreMadeOnce()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(14, "database is gone");
        }

        Assert.That(await CallAsync(Calls), Has.All.EqualTo("no-instance"));

        Assert.That(Instances.Sum(instance => instance.Calls.Count), Is.EqualTo(Calls + RetryBudget.Least));
        var metrics = await Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/metrics"));
        Assert.That(metrics.Split('\n'), Has.Some.StartsWith("gateway_retries_total{").And.Contains("result=\"no-budget\""));
    }
}
