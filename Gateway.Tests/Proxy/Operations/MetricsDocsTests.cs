using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Gateway.Proxy;
using Gateway.Tests.Proxy.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Proxy.Operations;

/// <summary>What operators build dashboards on: the metrics, as docs/metrics.md lists them.</summary>
[TestFixture]
internal sealed partial class MetricsDocsTests
{
    [Test]
    public void Documentation_ListsExactlyTheMetricsThereAre()
    {
        Assert.That(
            DocumentedMetric.All.Select(metric => (metric.Name, metric.Kind, metric.Unit)),
            Is.EquivalentTo(Instruments().Select(instrument => (instrument.Name, instrument.GetType().Name.Split('`')[0], instrument.Unit ?? "-"))));
    }

    [TestCase("docs/operations.md")]
    [TestCase("docs/reliability.md")]
    [TestCase("deploy/README.md")]
    public void WhatIsToBeLookedAt_Exists(string file)
    {
        var named = ForPrometheus().Matches(Read(file)).Select(name => name.Value).Distinct().ToList();

        Assert.That(named, Is.Not.Empty);
        Assert.That(named, Is.SubsetOf(DocumentedMetric.All.SelectMany(metric => metric.PrometheusNames)));
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(RepositoryFolder.Path, file));

    /// <summary>Every class named …Metrics makes its instruments when it is made.</summary>
    private static List<Instrument> Instruments()
    {
        var builder = GatewayHost.CreateBuilder([]);
        using var services = builder.Services.BuildServiceProvider();
        // Gateways of other tests make meters meanwhile; each has a factory of its own, which is the scope.
        var scope = services.GetRequiredService<IMeterFactory>();
        var found = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, scope) && instrument.Meter.Name.StartsWith("Gateway.", StringComparison.Ordinal))
                {
                    found.Add(instrument);
                }
            },
        };
        listener.Start();
        foreach (var type in builder.Services.Select(service => service.ServiceType).Where(IsOurMetrics).Distinct())
        {
            services.GetRequiredService(type);
        }

        return [.. found.DistinctBy(instrument => instrument.Name)];
    }

    private static bool IsOurMetrics(Type type) =>
        type.Namespace?.StartsWith("Gateway.", StringComparison.Ordinal) == true && type.Name.EndsWith("Metrics", StringComparison.Ordinal);

    [GeneratedRegex(@"\bgateway_[a-z_]+")]
    private static partial Regex ForPrometheus();
}
