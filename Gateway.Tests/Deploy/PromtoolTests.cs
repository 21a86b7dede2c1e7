using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.Deploy;

/// <summary>The alarms and the dashboard of deploy/examples as Prometheus' own tool reads and plays them.</summary>
[TestFixture]
[Servers]
internal sealed partial class PromtoolTests
{
    [TestCaseSource(typeof(MonitoringFiles), nameof(MonitoringFiles.RuleFiles))]
    public async Task Rules_AreTakenByPrometheus(string file) => await PassesAsync("check", "rules", "--lint-fatal", Path.Combine("examples", file));

    [TestCaseSource(typeof(MonitoringFiles), nameof(MonitoringFiles.RuleFiles))]
    public async Task Alarms_ComeWhenTheyShall_AndNotOtherwise(string file) => await PassesAsync("test", "rules", Path.Combine("examples", Path.ChangeExtension(file, ".test.yaml")));

    /// <summary>Alarms that nobody has seen come: those of a gauge that is 0 or 1 need no proof.</summary>
    [Test]
    public void Alarms_WithArithmetic_AreAllTested()
    {
        var alarms = MonitoringFiles.RuleFiles.SelectMany(file => MonitoringFiles.Rules(file).Where(rule => rule.ContainsKey("alert") && $"{rule["expr"]}".Contains('(', StringComparison.Ordinal)).Select(rule => (file, Name: $"{rule["alert"]}")));

        Assert.That(alarms.Where(alarm => !MonitoringFiles.Read(Path.ChangeExtension(alarm.file, ".test.yaml")).Contains($"alertname: {alarm.Name}", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>As rules that record them, for promtool parses no expression alone.</summary>
    [Test]
    public async Task Dashboard_IsTakenByPrometheus()
    {
        var rules = MonitoringFiles.Targets().Select((target, index) => (JsonNode)new JsonObject
        {
            ["record"] = $"panel:{index}",
            ["expr"] = Variable().Replace(target.Expression, variable => variable.Value == "$__rate_interval" ? "1m" : "x"),
        });
        var file = new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["name"] = "dashboard", ["rules"] = new JsonArray([.. rules]) }) };
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "dashboard-as-rules.json");
        await File.WriteAllTextAsync(path, file.ToJsonString());

        await PassesAsync("check", "rules", path);
    }

    private static async Task PassesAsync(params string[] arguments)
    {
        var (code, output, errors) = await DeployTools.TryPromtoolAsync(arguments);
        Assert.That(code, Is.Zero, output + errors);
    }

    [GeneratedRegex(@"\$[a-z_]+")]
    private static partial Regex Variable();
}
