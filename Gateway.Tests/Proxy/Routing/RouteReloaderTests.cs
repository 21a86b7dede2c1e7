using System.Text;
using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>One look at the files, with time in the test's hands.</summary>
[TestFixture]
internal sealed class RouteReloaderTests
{
    private const string Good = """
        { "ReverseProxy": {
            "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/r" } } },
            "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } } } }
        """;

    private SettlingTime _time = null!;
    private RouteFolder _folder = null!;
    private WebApplication _app = null!;
    private RecordingLoggerProvider _log = null!;

    private RouteReload Last => _app.Services.GetRequiredService<RouteStatus>().Last!;

    [SetUp]
    public void SetUp()
    {
        _folder = new RouteFolder();
        _folder.Write(Good);
        _log = new RecordingLoggerProvider();
        _time = new SettlingTime();
        _app = GatewayHost.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gateway:RoutesFile"] = _folder.File,
                ["Gateway:Sessions:Store"] = "Memory",
            });
            builder.Logging.ClearProviders().AddProvider(_log);
            builder.Services.AddSingleton<TimeProvider>(_time);
        });
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await _app.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Check_NothingChanged_ReportsNothing()
    {
        var before = Last;

        await CheckAsync();

        Assert.That(Last, Is.SameAs(before));
    }

    [Test]
    public async Task Check_FileHalfWritten_WaitsForTheRest()
    {
        var changed = Good.Replace("/r", "/changed", StringComparison.Ordinal);
        _folder.Write(changed[..50]);

        var check = CheckAsync(afterFirstPause: () => _folder.Write(changed));
        await check;

        Assert.That(Last.Result, Is.EqualTo(RouteReloadResult.Applied));
        Assert.That(_log.Named("RoutesRefused"), Is.Empty);
    }

    [Test]
    public async Task Check_FileGoneForAMoment_IsNoChange()
    {
        var before = Last;
        File.Delete(_folder.File);

        await CheckAsync(afterFirstPause: () => _folder.Write(Good));

        Assert.That(Last, Is.SameAs(before));
    }

    [Test]
    public async Task Check_StaysHalfWritten_IsRefusedOnce()
    {
        _folder.Write(Good[..50]);

        await CheckAsync();
        var refused = Last;
        await CheckAsync();

        Assert.That(refused.Result, Is.EqualTo(RouteReloadResult.Refused));
        Assert.That(Last, Is.SameAs(refused));
        Assert.That(_log.Named("RoutesRefused"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Check_NeverStandsStill_IsTakenAsItIsInTheEnd()
    {
        var edits = 0;
        _folder.Write(Good + "//");

        await CheckAsync(afterEachPause: () => _folder.Write($"{Good}// {edits++}"));

        Assert.That(Last.Result, Is.EqualTo(RouteReloadResult.Unchanged));
        Assert.That(edits, Is.LessThan(20));
    }

    [Test]
    public async Task Check_MoreMistakesThanALineHolds_CountsTheRest()
    {
        var routes = string.Join(',', Enumerable.Range(0, 30).Select(i => $$""" "r{{i}}": { "ClusterId": "none", "Match": { "Path": "/{{i}}" } } """));
        _folder.Write($$"""{ "ReverseProxy": { "Routes": { {{routes}} } } }""");

        await CheckAsync();

        Assert.That(Last.Errors, Has.Count.EqualTo(30));
        Assert.That(_log.Named("RoutesRefused").Single().Message, Does.Contain("Mistakes, 30: ").And.EndWith(" And 10 more."));
    }

    [TestCase("etcd:///chat/user_service", true, Description = "by the command line")]
    [TestCase("etcd:///service/user_service", false)]
    [TestCase("nonsense", true, Description = "by the environment")]
    public async Task Judge_SettingsBesideTheFile_CountAsAtAReload(string address, bool valid)
    {
        var variable = $"T{Guid.NewGuid():N}_";
        var overridden = address == "nonsense";
        Environment.SetEnvironmentVariable($"{variable}ReverseProxy__Clusters__c__Destinations__d__Address", overridden ? "http://127.0.0.1:2" : null);
        await using var app = GatewayHost.Build(["--Gateway:Etcd:ServicePrefix=/chat/", "--Gateway:Etcd:Endpoints=http://127.0.0.1:1"], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gateway:RoutesFile"] = _folder.File,
                ["Gateway:Sessions:Store"] = "Memory",
            });
            builder.Configuration.AddEnvironmentVariables(variable);
            builder.Logging.ClearProviders().AddProvider(_log);
        });
        var sut = app.Services.GetRequiredService<RouteReloader>();
        var candidate = Good.Replace("http://127.0.0.1:1", address, StringComparison.Ordinal);

        var errors = await sut.JudgeAsync(Encoding.UTF8.GetBytes(candidate), CancellationToken.None);

        Assert.That(errors, valid ? Is.Empty : Has.Some.EndsWith("which is not of the form 'etcd:///chat/<service>'."));
        Assert.That(app.Services.GetRequiredService<RouteStatus>().Last!.Result, Is.EqualTo(RouteReloadResult.Applied));
        _folder.Write(candidate);
        Assert.That((await sut.ReloadAsync(CancellationToken.None).DefaultTimeout()).Errors, Is.EqualTo(errors));
        Environment.SetEnvironmentVariable($"{variable}ReverseProxy__Clusters__c__Destinations__d__Address", null);
    }

    private Task CheckAsync(Action? afterFirstPause = null, Action? afterEachPause = null)
    {
        _time.OnPause = pause =>
        {
            (pause == 0 ? afterFirstPause : null)?.Invoke();
            afterEachPause?.Invoke();
        };
        return _app.Services.GetRequiredService<RouteReloader>().CheckAsync(CancellationToken.None).DefaultTimeout();
    }
}
