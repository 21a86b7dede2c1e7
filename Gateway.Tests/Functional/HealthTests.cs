using System.Net;
using System.Text.Json;
using Gateway.Proxy.Destinations;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional;

/// <summary>What an orchestrator and a load balancer ask, at the management port.</summary>
[TestFixture]
internal sealed class HealthTests
{
    private const string Nobody = "http://127.0.0.1:1";

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    [OneTimeTearDown]
    public void Dispose() => _client.Dispose();

    [Test]
    public async Task ManagementPort_AnswersItsOwnAndNothingElse()
    {
        await using var gateway = await StartAsync([]);

        Assert.That(await StatusAsync(gateway.Management, "/livez"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(gateway.Management, "/readyz"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(gateway.Management, "/ws"), Is.EqualTo(HttpStatusCode.NotFound));
        using var call = await _client.PostAsync(new Uri(gateway.Management, "/service/user/username_login"), new ByteArrayContent([]));
        Assert.That(call.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task OtherPorts_DoNotAnswerIt([Values(0, 1)] int port, [Values("/livez", "/readyz")] string path)
    {
        await using var gateway = await StartAsync([]);

        Assert.That(await StatusAsync(new Uri(gateway.Urls[port]), path), Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task ManagementPort_SwitchedOff_IsNotOpened()
    {
        await using var gateway = await StartAsync(new() { ["Gateway:Management:Enabled"] = "false" });

        Assert.That(gateway.Urls, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task ManagementRoutes_AreNotHiddenByARouteOfTheSamePath()
    {
        await using var gateway = await StartAsync(new()
        {
            ["ReverseProxy:Routes:mine:ClusterId"] = "user",
            ["ReverseProxy:Routes:mine:Match:Path"] = "/readyz",
        });

        Assert.That((await ReportAsync(gateway)).GetProperty("routes").GetInt32(), Is.EqualTo(29));
    }

    [Test]
    public async Task Ready_NothingBesideFixedAddresses_SaysWhatIsThere()
    {
        await using var gateway = await StartAsync([]);

        var report = await ReportAsync(gateway);

        Assert.That(report.GetProperty("status").GetString(), Is.EqualTo("ready"));
        Assert.That(report.GetProperty("routes").GetInt32(), Is.EqualTo(28));
        Assert.That(report.GetProperty("draining").GetBoolean(), Is.False);
        Assert.That(report.GetProperty("etcd").GetProperty("state").GetString(), Is.EqualTo("off"));
        Assert.That(report.GetProperty("redis").GetProperty("state").GetString(), Is.EqualTo("off"));
        var user = report.GetProperty("clusters").GetProperty("user");
        Assert.That((user.GetProperty("destinations").GetInt32(), user.GetProperty("available").GetInt32()), Is.EqualTo((1, 1)));
    }

    [Test]
    [Servers]
    public async Task Ready_FollowsEtcd_AndItsLossOnlyDegrades()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await etcd.PauseAsync();
        await using var gateway = await StartAsync(new()
        {
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["Gateway:Etcd:RequestTimeout"] = "00:00:00.500",
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = "etcd:///service/user_service",
        });

        await AssertReportAsync(gateway, "not-ready", "etcd", "connecting");

        etcd.Resume();
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:81");
        await EventuallyAsync(gateway, "ready", "etcd", "connected");

        await etcd.KillAsync();
        await EventuallyAsync(gateway, "degraded", "etcd", "lost");
        var report = await ReportAsync(gateway);
        Assert.That(report.GetProperty("degraded")[0].GetString(), Is.EqualTo("contact with etcd is lost; the last known instances stay in use"));
        Assert.That(report.GetProperty("etcd").GetProperty("instances").GetInt32(), Is.EqualTo(1));
        Assert.That(report.GetProperty("etcd").GetProperty("revision").GetInt64(), Is.Positive);
        Assert.That(report.GetProperty("etcd").GetProperty("secondsSinceContact").GetDouble(), Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    [Servers]
    public async Task Ready_FollowsRedis_AndItsLossIsAnOutage_NotUnready()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await redis.KillAsync();
        await using var gateway = await StartAsync(new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = redis.Configuration,
        });

        await AssertReportAsync(gateway, "not-ready", "redis", "connecting");

        await redis.StartAsync();
        await EventuallyAsync(gateway, "ready", "redis", "connected");

        await redis.KillAsync();
        await EventuallyAsync(gateway, "outage", "redis", "lost");
        Assert.That((await ReportAsync(gateway)).GetProperty("outages")[0].GetString(), Is.EqualTo(
            "contact with Redis is lost: calls that need a session are refused, and only registration and login work"));
    }

    [Test]
    [Servers]
    public async Task Ready_NoInstanceOfACluster_IsAnOutage_NotUnready()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await using var gateway = await StartAsync(new()
        {
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = "etcd:///service/user_service",
        });

        await EventuallyAsync(gateway, "outage", "etcd", "connected");
        Assert.That((await ReportAsync(gateway)).GetProperty("outages")[0].GetString(), Is.EqualTo("cluster 'user' has no available destination (it has none): all its calls fail"));
    }

    [Test]
    public async Task Ready_DestinationsDrained_SaysWhatIsLeft()
    {
        await using var gateway = await StartAsync(new() { ["ReverseProxy:Clusters:user:Destinations:second:Address"] = "http://127.0.0.1:2" });
        var drained = gateway.Services.GetRequiredService<DrainedDestinations>();

        drained.Drain("user", "second");
        var some = await ReportAsync(gateway);
        drained.Drain("user", "etcd");
        var none = await ReportAsync(gateway);
        foreach (var cluster in some.GetProperty("clusters").EnumerateObject())
        {
            drained.Drain(cluster.Name, "etcd");
        }

        var nothing = await ReportAsync(gateway);

        Assert.That(Reasons(some), Is.EqualTo(("degraded", "", "cluster 'user' has 1 of 2 destinations available (1 drained); they get its calls")));
        Assert.That(Reasons(none), Is.EqualTo(("outage", "cluster 'user' has no available destination (2 drained): all its calls fail", "")));
        Assert.That(Reasons(nothing), Is.EqualTo(("outage", "no cluster has an available destination: all calls fail", "")));
        var user = none.GetProperty("clusters").GetProperty("user");
        Assert.That((user.GetProperty("available").GetInt32(), user.GetProperty("drained").GetInt32()), Is.EqualTo((0, 2)));

        static (string?, string, string) Reasons(JsonElement report) => (report.GetProperty("status").GetString(), Joined(report, "outages"), Joined(report, "degraded"));

        static string Joined(JsonElement report, string name) => string.Join('|', report.GetProperty(name).EnumerateArray().Select(reason => reason.GetString()));
    }

    [Test]
    public async Task Outage_IsToldInTheLog_OnceAndWhenItIsOver()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await GatewayFixture.StartAsync(Nobody, configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var drained = gateway.Services.GetRequiredService<DrainedDestinations>();

        drained.Drain("user", "etcd");
        await Eventually.That(() => Passes("OutageBegan"));
        drained.Undrain("user", "etcd");
        await Eventually.That(() => Passes("OutageOver"));

        Assert.That(
            gateway.Log.Entries.Where(entry => entry.EventId.Name is "OutageBegan" or "OutageOver").Select(entry => entry.Message),
            Is.EqualTo(new[]
            {
                "Outage: cluster 'user' has no available destination (1 drained): all its calls fail.",
                "No longer true for 10 s: cluster 'user' has no available destination (1 drained): all its calls fail.",
            }));

        bool Passes(string name)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return gateway.Log.Named(name).Count > 0;
        }
    }

    [Test]
    public async Task Ready_ChangeOfTheRoutesRefused_OnlyDegradesAndSaysWhy()
    {
        using var folder = new RouteFolder();
        folder.Write(RouteReloadTest.File());
        await using var gateway = await StartAsync(new() { ["Gateway:RoutesFile"] = folder.File });
        await AssertReportAsync(gateway, "ready");

        folder.Write(RouteReloadTest.File("no-slash:{"));
        await Eventually.That(async () => (await ReportAsync(gateway)).GetProperty("status").GetString() == "degraded");

        var report = await ReportAsync(gateway);
        Assert.That(report.GetProperty("degraded")[0].GetString(), Is.EqualTo("the last change of the routes was refused; those from before it stay in use"));
        var reload = report.GetProperty("lastReload");
        Assert.That(reload.GetProperty("result").GetString(), Is.EqualTo("refused"));
        Assert.That(reload.GetProperty("errors")[0].GetString(), Does.StartWith("Invalid path 'no-slash:{' for route 'login' ("));
        Assert.That(reload.GetProperty("message").GetString(), Does.Contain("Invalid path 'no-slash:{' for route 'login' ("));

        folder.Write(RouteReloadTest.File());
        await Eventually.That(async () => (await ReportAsync(gateway)).GetProperty("status").GetString() == "ready");
    }

    [Test]
    public async Task Ready_ToldToStop_IsNotReadyAtOnceWhileItStillServes()
    {
        var held = new HeldStop();
        await using var gateway = await GatewayFixture.StartAsync(Nobody, configure: builder => builder.Services.AddSingleton<IHostedService>(held));

        var stopping = gateway.StopAsync();
        await held.Reached.Task.DefaultTimeout();
        await AssertReportAsync(gateway, "not-ready");
        var report = await ReportAsync(gateway);
        Assert.That(report.GetProperty("draining").GetBoolean(), Is.True);
        Assert.That(await StatusAsync(gateway.Management, "/livez"), Is.EqualTo(HttpStatusCode.OK));

        held.Release.SetResult();
        await stopping.DefaultTimeout();
    }

    private static Task<GatewayFixture> StartAsync(Dictionary<string, string?> settings) => GatewayFixture.StartAsync(Nobody, settings);

    private async Task<HttpStatusCode> StatusAsync(Uri address, string path)
    {
        using var response = await _client.GetAsync(new Uri(address, path)).DefaultTimeout();
        return response.StatusCode;
    }

    private async Task<JsonElement> ReportAsync(GatewayFixture gateway)
    {
        using var response = await _client.GetAsync(new Uri(gateway.Management, "/readyz")).DefaultTimeout();
        var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.That(response.StatusCode == HttpStatusCode.OK, Is.EqualTo(report.GetProperty("status").GetString() != "not-ready"));
        return report;
    }

    private async Task AssertReportAsync(GatewayFixture gateway, string status, string? part = null, string? state = null)
    {
        var report = await ReportAsync(gateway);
        Assert.That(report.GetProperty("status").GetString(), Is.EqualTo(status), report.ToString());
        if (part is not null)
        {
            Assert.That(report.GetProperty(part).GetProperty("state").GetString(), Is.EqualTo(state), report.ToString());
        }
    }

    private Task EventuallyAsync(GatewayFixture gateway, string status, string part, string state) => Eventually.That(async () =>
    {
        var report = await ReportAsync(gateway);
        return report.GetProperty("status").GetString() == status && report.GetProperty(part).GetProperty("state").GetString() == state;
    }, $"status is {status} and {part} is {state}");

    private sealed class HeldStop : IHostedLifecycleService
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StoppingAsync(CancellationToken cancellationToken)
        {
            Reached.TrySetResult();
            return Release.Task;
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
