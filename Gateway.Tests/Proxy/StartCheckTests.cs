using Gateway.Proxy;
using Gateway.Proxy.Settings;
using Gateway.Tests.Proxy.Routing;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Proxy;

[TestFixture]
internal sealed class StartCheckTests
{
    /// <summary>The framework's own options, which routes are checked against, refuse it.</summary>
    private const string Breaking = "Gateway:Cors:PreflightMaxAge";

    [Test]
    public void Build_EverySettingUnreadable_NamesThemAll_AndTheRoutes()
    {
        var settings = SettingLeaves.OfGateway(GatewayHost.CreateBuilder([]).Services).Where(leaf => leaf.Type != typeof(string)).ToDictionary(leaf => leaf.Path, _ => (string?)"?");

        var errors = Build(settings);

        Assert.That(errors, Has.Some.StartsWith("Route 'user-username-login': ClusterId is 'nobody'"));
        Assert.That(errors.Select(error => error.Split(" is '?' (settings of the host program); use ")[0]), Is.SupersetOf(settings.Keys));
    }

    [TestCase("-1", "-00:00:01")]
    [TestCase("2147483647", "9999.00:00:00")]
    public void Build_EverySettingBeyondItsLimits_StillTellsOfTheRoutes(string number, string time)
    {
        var settings = SettingLeaves.OfGateway(GatewayHost.CreateBuilder([]).Services)
            .Where(leaf => leaf.Type == typeof(TimeSpan) || leaf.Type == typeof(int) || leaf.Type == typeof(long) || leaf.Type == typeof(double))
            .Where(leaf => leaf.Path != Breaking)
            .ToDictionary(leaf => leaf.Path, leaf => (string?)(leaf.Type == typeof(TimeSpan) ? time : number));

        var errors = Build(settings);

        Assert.That(errors, Has.Count.GreaterThan(20).And.Some.StartsWith("Route 'user-username-login': ClusterId is 'nobody'"));
        Assert.That(errors, Has.All.Not.Contain("cannot be built"));
    }

    [Test]
    public void Build_SettingThatBreaksTheLookAtRoutes_SaysSo()
    {
        var errors = Build(new() { [Breaking] = "-00:00:01", ["Gateway:Listen:HttpPort"] = "-1" });

        Assert.That(errors, Has.Count.EqualTo(3).And.Some.StartsWith($"{Breaking} is '-00:00:01'; use ").And.Some.StartsWith("Gateway:Listen:HttpPort is -1; use "));
        Assert.That(errors[^1], Does.StartWith("Routes and clusters were not looked at (").And.EndsWith("; correct the other settings first."));
    }

    [Test]
    public void Build_CollectorWithAMistake_HidesNoOther()
    {
        var errors = Build(new() { ["Gateway:Telemetry:OtlpEndpoint"] = "ftp://collector", ["Gateway:Etcd:Endpoints"] = "etcd:2379" });

        Assert.That(errors, Has.Some.StartsWith("Gateway:Telemetry:OtlpEndpoint is ").And.Some.StartsWith("Gateway:Etcd:Endpoints holds 'etcd:2379'"));
        Assert.That(errors, Has.Some.StartsWith("Route 'user-username-login': ClusterId is 'nobody'"));
    }

    private static IReadOnlyList<string> Build(Dictionary<string, string?> settings)
    {
        var errors = Assert.Throws<ConfigurationRefusedException>(() => GatewayHost.Build(
            ["--ReverseProxy:Routes:user-username-login:ClusterId=nobody"], builder => builder.Configuration.AddInMemoryCollection(settings)))!.Errors;
        Assert.That(errors, Is.Unique);
        return errors;
    }
}
