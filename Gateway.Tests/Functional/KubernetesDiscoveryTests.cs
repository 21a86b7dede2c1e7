using System.Diagnostics;
using System.Text.Json;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;

namespace Gateway.Tests.Functional;

/// <summary>Calls that follow the pods of a Service.</summary>
internal sealed class KubernetesDiscoveryTests
{
    private const string Path = "/service/user/get_user_info";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private readonly List<StubSubService> _pods = [];
    private FakeApiServer _server = null!;

    [SetUp]
    public async Task StartAsync() => _server = await FakeApiServer.StartAsync();

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var pod in _pods)
        {
            await pod.DisposeAsync();
        }

        _pods.Clear();
        await _server.DisposeAsync();
    }

    /// <param name="policy">The default chooses the less busy of two instances by chance, so single pods differ by more.</param>
    /// <param name="percent">By how much a pod's calls may differ from its share.</param>
    [TestCase("RoundRobin", 10)]
    [TestCase("PowerOfTwoChoices", 40)]
    public async Task Pods_TwoMoreThanBefore_GetTheirShare(string policy, int percent)
    {
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = policy });
        await AddPodAsync();
        await AddPodAsync();
        await Eventually.That(() => Destinations(gateway).Length == 2);
        await CallAsync(gateway, 400);

        await AddPodAsync();
        await AddPodAsync();
        await Eventually.That(() => Destinations(gateway).Length == 4);
        var before = _pods.Select(pod => pod.Calls.Count).ToArray();
        await CallAsync(gateway, 4000);

        var calls = _pods.Select((pod, index) => pod.Calls.Count - before[index]).ToArray();
        await TestContext.Out.WriteLineAsync($"{policy}: 4000 calls after the scale-out from 2 to 4: {string.Join(", ", calls)}");
        Assert.That(calls, Is.All.EqualTo(1000).Within(percent).Percent);
    }

    [Test]
    public async Task Pod_ThatAppears_GetsCallsAtOnce_AndOneThatGoesGetsNone()
    {
        await using var gateway = await StartGatewayAsync();
        Assert.That(await CodeAsync(gateway), Is.EqualTo("no-instance"));

        var watch = Stopwatch.StartNew();
        var first = await AddPodAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        await TestContext.Out.WriteLineAsync($"The first pod was called {watch.ElapsedMilliseconds} ms after the API server knew it");

        var second = await AddPodAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "" && second.Calls.Count > 0);
        _server.Remove("user-0");
        await Eventually.That(() => Destinations(gateway).Length == 1);
        var before = first.Calls.Count;
        await CallAsync(gateway, 20);
        Assert.That(first.Calls, Has.Count.EqualTo(before));
    }

    [Test]
    public async Task FixedAddressesAndPods_MayBeMixed()
    {
        await using var elsewhere = await StubSubService.StartAsync();
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Destinations:elsewhere:Address"] = elsewhere.Address });
        var pod = await AddPodAsync();

        await Eventually.That(() => Destinations(gateway).Length == 2);
        await CallAsync(gateway, 50);

        Assert.That((pod.Calls.Count, elsewhere.Calls.Count), Is.EqualTo((pod.Calls.Count, 50 - pod.Calls.Count)));
        Assert.That(pod.Calls.Count, Is.InRange(1, 49));
    }

    [Test]
    public async Task Zone_ThatIsPreferred_GetsAllCalls_WhileItIsWell()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Kubernetes:PreferZone"] = "true", ["Gateway:Kubernetes:Zone"] = "a" });
        var near = await AddPodAsync("a");
        var far = await AddPodAsync("b");
        await Eventually.That(() => Destinations(gateway).Length == 2);
        await CallAsync(gateway, 20);
        Assert.That((near.Calls.Count, far.Calls.Count), Is.EqualTo((20, 0)));

        await near.DisposeAsync();
        await CallAsync(gateway, 20);

        Assert.That(far.Calls, Has.Count.EqualTo(20), "Nothing is lost when the zone fails");
    }

    [Test]
    public async Task Readiness_SaysHowTheApiServerIsFollowed()
    {
        await _server.StopAsync();
        await using var gateway = await StartGatewayAsync();
        var report = await ReportAsync(gateway, "not-ready");
        Assert.That(report.GetProperty("notReady")[0].GetString(), Is.EqualTo("the instances have not been read from Kubernetes yet"));
        Assert.That(report.GetProperty("degraded")[0].GetString(), Does.StartWith("Kubernetes does not say where 'user.chat:grpc' is: Connection refused"));
        Assert.That(report.GetProperty("kubernetes").GetProperty("state").GetString(), Is.EqualTo("connecting"));
        Assert.That(report.TryGetProperty("dns", out _), Is.False);

        await _server.StartAsync();
        await AddPodAsync();
        report = await ReportAsync(gateway, "ready");
        var kubernetes = report.GetProperty("kubernetes");
        Assert.That(kubernetes.GetProperty("state").GetString(), Is.EqualTo("connected"));
        Assert.That(kubernetes.GetProperty("instances").GetInt32(), Is.EqualTo(1));
        Assert.That(kubernetes.TryGetProperty("revision", out _), Is.False);

        await _server.StopAsync();
        report = await ReportAsync(gateway, "degraded");
        Assert.That(report.GetProperty("degraded")[0].GetString(), Is.EqualTo("contact with Kubernetes is lost; the last known instances stay in use"));
        Assert.That(await CodeAsync(gateway), Is.Empty);
        using var clusters = JsonDocument.Parse(await gateway.Client.GetStringAsync(new Uri(gateway.Management, "/admin/clusters")).DefaultTimeout());
        var destination = clusters.RootElement.EnumerateArray().Single(cluster => cluster.GetProperty("cluster").GetString() == "user").GetProperty("destinations")[0];
        Assert.That(destination.GetProperty("origin").GetString(), Is.EqualTo("k8s://chat/pod-0"));
        var metrics = await gateway.Client.GetStringAsync(new Uri(gateway.Management, "/metrics")).DefaultTimeout();
        Assert.That(metrics, Does.Match(@"(?m)^gateway_kubernetes_connected\{.*\} 0$").And.Match("(?m)^gateway_kubernetes_instances\\{.*service=\"user.chat:grpc\".*\\} 1$").And.Not.Match("(?m)^gateway_(dns|etcd)_"));
    }

    private async Task<StubSubService> AddPodAsync(string? zone = null)
    {
        var pod = await StubSubService.StartAsync();
        pod.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        var id = _pods.Count;
        _pods.Add(pod);
        _server.Set(FakeApiServer.Slice($"user-{id}", new Uri(pod.Address).Port, FakeApiServer.Pod($"pod-{id}", zone: zone)));
        return pod;
    }

    private async Task<GatewayFixture> StartGatewayAsync(Dictionary<string, string?>? settings = null)
    {
        var gateway = await GatewayFixture.StartAsync("http://127.0.0.1:1", new(settings ?? [])
        {
            ["Gateway:Kubernetes:ApiServer"] = _server.Address,
            ["Gateway:Kubernetes:RetryDelayMax"] = "00:00:00.200",
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = "k8s://user.chat:grpc",
        });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private static async Task CallAsync(GatewayFixture gateway, int calls)
    {
        var left = calls;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                Assert.That(await CodeAsync(gateway), Is.Empty);
            }
        })).DefaultTimeout();
    }

    private static string[] Destinations(GatewayFixture gateway) =>
        gateway.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster("user", out var user) ? [.. user.DestinationsState.AllDestinations.Select(destination => destination.DestinationId)] : [];

    private static async Task<JsonElement> ReportAsync(GatewayFixture gateway, string status)
    {
        JsonElement report = default;
        await Eventually.That(async () =>
        {
            using var response = await gateway.Client.GetAsync(new Uri(gateway.Management, "/readyz")).DefaultTimeout();
            using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            report = document.RootElement.Clone();
            return report.GetProperty("status").GetString() == status;
        }, $"{status}, and not {report}");
        return report;
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
