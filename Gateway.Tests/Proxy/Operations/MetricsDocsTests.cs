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
        var listed = Row().Matches(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "metrics.md"))).Select(row => row.Value);

        Assert.That(listed, Is.EquivalentTo(Instruments()));
    }

    /// <summary>Every class named …Metrics makes its instruments when it is made.</summary>
    private static HashSet<string> Instruments()
    {
        var found = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("Gateway.", StringComparison.Ordinal))
                {
                    found.Add($"| `{instrument.Name}` | {Kind(instrument)} | {instrument.Unit ?? "-"} |");
                }
            },
        };
        listener.Start();
        var builder = GatewayHost.CreateBuilder([]);
        using var services = builder.Services.BuildServiceProvider();
        foreach (var type in builder.Services.Select(service => service.ServiceType).Where(IsOurMetrics).Distinct())
        {
            services.GetRequiredService(type);
        }

        return found;
    }

    private static bool IsOurMetrics(Type type) =>
        type.Namespace?.StartsWith("Gateway.", StringComparison.Ordinal) == true && type.Name.EndsWith("Metrics", StringComparison.Ordinal);

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0];

    [GeneratedRegex(@"^\| `gateway\.[a-z._]+` \| \w+ \| [^|]+ \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
