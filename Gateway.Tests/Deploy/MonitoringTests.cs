using System.Text.RegularExpressions;
using Gateway.Protocol;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Proxy.Operations;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Deploy;

/// <summary>The dashboard and the alarms of deploy/examples: what they ask for exists, as documented and as scraped of a gateway.</summary>
[TestFixture]
internal sealed partial class MonitoringTests
{
    /// <summary>What Prometheus and the exporter add, and what a histogram has.</summary>
    private static readonly string[] Added = ["job", "instance", "otel_scope_name", "le"];

    /// <summary>The labels of each metric of a gateway that has had calls.</summary>
    private ILookup<string, string> _scraped = null!;

    [OneTimeSetUp]
    public async Task OneTimeSetUp()
    {
        await using var service = await StubSubService.StartAsync();
        await using var gateway = await GatewayFixture.StartAsync(service.Address);
        gateway.Sessions.Set("s-alice", "alice");
        await gateway.CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }).DefaultTimeout();
        using var refused = await gateway.PostAsync("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r2", SessionId = "s-nobody" }.ToByteArray()).DefaultTimeout();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        // A call is counted when its answer has been sent, which a client may see before.
        await Eventually.That(async () => (_scraped = Labels(await client.GetStringAsync(new Uri(gateway.Management, "/metrics")))).Contains("gateway_destination_duration_seconds_count"), "the calls are counted");
    }

    [Test]
    public void Documentation_NamesTheTagsThatAreScraped()
    {
        var seen = DocumentedMetric.All.Where(metric => metric.PrometheusNames.Any(_scraped.Contains)).ToList();

        Assert.That(seen.Select(metric => metric.Name), Is.SupersetOf(new[] { "gateway.rpc.duration", "gateway.destination.duration", "gateway.destinations", "gateway.upstream.connections" }));
        foreach (var metric in seen)
        {
            Assert.That(metric.PrometheusNames.SelectMany(name => _scraped[name]).Distinct().Except(Added), Is.EquivalentTo(metric.Tags), metric.Name);
        }
    }

    [TestCaseSource(typeof(MonitoringFiles), nameof(MonitoringFiles.All))]
    public void Expressions_NameMetricsAndLabelsThatExist(string file)
    {
        var known = Known();
        var asked = MonitoringFiles.Asked(file).ToList();

        Assert.That(asked, Has.Count.GreaterThan(10));
        foreach (var (where, query, shown) in asked)
        {
            Assert.That(query.Metrics, Is.SubsetOf(known.Keys), where);
            Assert.That(query.Matchers.Where(matcher => !known[matcher.Metric].Contains(matcher.Label)), Is.Empty, where);
            Assert.That(query.Groups.Concat(shown).Distinct(), Is.SubsetOf(query.Metrics.SelectMany(metric => known[metric])), where);
        }
    }

    /// <summary>An outcome, a state or a result that nobody sends would make a rule that never fires.</summary>
    [TestCaseSource(typeof(MonitoringFiles), nameof(MonitoringFiles.All))]
    public void Expressions_NameValuesThatAreDocumented(string file)
    {
        var documents = string.Concat(new[] { "metrics.md", "wire-contract.md", "close-codes.md" }.Select(name => File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", name))));
        var values = MonitoringFiles.Asked(file).SelectMany(asked => asked.Query.Matchers).SelectMany(matcher => matcher.Value.Split('|')).Where(value => !value.StartsWith('$')).ToList();

        Assert.That(values, Is.Not.Empty);
        Assert.That(values.Distinct().Where(value => !documents.Contains($"`{value}`", StringComparison.Ordinal) && !documents.Contains($"| {value} |", StringComparison.Ordinal)), Is.Empty);
    }

    private static ILookup<string, string> Labels(string scrape) => Sample().Matches(scrape)
        .SelectMany(sample => Label().Matches(sample.Groups["labels"].Value).Select(label => (Metric: sample.Groups["metric"].Value, Label: label.Groups["name"].Value)))
        .Distinct().ToLookup(pair => pair.Metric, pair => pair.Label);

    private Dictionary<string, IReadOnlyList<string>> Known()
    {
        var known = DocumentedMetric.All.SelectMany(metric => metric.PrometheusNames.Select(name => (name, metric.Tags))).ToDictionary(pair => pair.name, pair => (IReadOnlyList<string>)[.. pair.Tags, .. Added]);
        foreach (var platform in _scraped.Where(metric => !metric.Key.StartsWith("gateway_", StringComparison.Ordinal)))
        {
            known[platform.Key] = [.. platform, .. Added];
        }

        foreach (var recorded in MonitoringFiles.RuleFiles.SelectMany(MonitoringFiles.Rules).Where(rule => rule.ContainsKey("record")))
        {
            known[$"{recorded["record"]}"] = [];
        }

        return known;
    }

    [GeneratedRegex(@"^(?<metric>[a-z_]+)\{(?<labels>[^}]*)\}", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-z_]+)=\"")]
    private static partial Regex Label();
}
