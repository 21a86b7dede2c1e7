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
        Assert.That(_log.Named("RoutesRefused").Single().Message, Does.Contain("30 mistakes: ").And.EndWith(" And 10 more."));
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
