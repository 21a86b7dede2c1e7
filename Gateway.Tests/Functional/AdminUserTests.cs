using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Proxy.Operations.Admin;
using Gateway.Proxy.Operations.Statistics;
using Gateway.Proxy.Routing;
using Gateway.Protocol;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional;

/// <summary>What an operator sees of one user's sockets and does to them, and what the page asks for, at the management port.</summary>
[TestFixture]
internal sealed class AdminUserTests
{
    private const string Token = "a-token-of-some-length";

    private readonly HttpClient _client = new();

    [OneTimeTearDown]
    public void Dispose() => _client.Dispose();

    [Test]
    [Servers]
    public async Task User_OnTwoGateways_IsFoundTestedAndDisconnectedFromEither()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new() { ["Gateway:Management:Token"] = Token });
        await using var here = await nodes.JoinAsync(0, "alice");
        await using var there = await nodes.JoinExtendedAsync(1, "alice");
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 2);

        var sockets = (await AskAsync(nodes.Nodes[0], "GET /admin/sockets?user=alice")).Answer;
        Assert.That(
            sockets.EnumerateArray().Select(socket => (socket.GetProperty("node").GetString(), socket.GetProperty("protocol").GetString())),
            Is.EquivalentTo(new[] { (nodes.Hub(0).NodeName, "plain"), (nodes.Hub(1).NodeName, "gateway.notify.v2") }));
        Assert.That(sockets.ToString(), Does.Not.Contain("s-alice"));

        var published = (await AskAsync(nodes.Nodes[0], "POST /admin/publish?user=alice")).Answer;
        Assert.That(published.GetProperty("sockets").GetInt32(), Is.EqualTo(2));
        var expected = new NotifyMessage { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = "gateway-test-event" } };
        Assert.That(await here.ReceiveRawAsync(), Is.EqualTo(expected.ToByteArray()));
        Assert.That((await there.ReceiveEventAsync()).Notify, Is.EqualTo(expected));

        var closed = (await AskAsync(nodes.Nodes[0], "POST /admin/disconnect", """{ "session": "s-alice" }""")).Answer;
        Assert.That(closed.ToString(), Is.EqualTo("""{"user":"alice","closed":"session","openBefore":2}"""));
        Assert.That((await here.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        Assert.That((await there.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        Assert.That(nodes.Nodes[0].Log.Entries.Where(entry => entry.Message.Contains("s-alice", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task Disconnect_ByUser_ClosesAllOfThem_ByAnotherSession_None()
    {
        await using var gateway = await StartAsync();
        await using var socket = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(gateway.Urls[1], "/ws"), "s-alice");
        await Eventually.That(async () => (await AskAsync(gateway, "GET /admin/sockets?user=alice")).Answer.GetArrayLength() == 1);

        Assert.That((await AskAsync(gateway, "POST /admin/disconnect", """{ "user": "alice", "session": "another" }""")).Status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await AskAsync(gateway, "GET /admin/sockets?user=alice")).Answer.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await AskAsync(gateway, "POST /admin/disconnect?user=alice")).Answer.ToString(), Is.EqualTo("""{"user":"alice","closed":"all","openBefore":1}"""));

        Assert.That((await socket.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        Assert.That(gateway.Log.Named("SocketsDisconnected").Select(entry => entry.Message), Is.EqualTo(new[]
        {
            "An operator closed the sockets of one session of user 'alice', on all gateways.",
            "An operator closed all sockets of user 'alice', on all gateways.",
        }));
    }

    [TestCase("GET /admin/sockets", null, 400, "Name the user, as '?user=alice', with at most 256 characters.")]
    [TestCase("GET /admin/sockets?user=", null, 400, "Name the user, as '?user=alice', with at most 256 characters.")]
    [TestCase("POST /admin/publish", null, 400, "Name the user, as '?user=alice', with at most 256 characters.")]
    [TestCase("POST /admin/disconnect", null, 400, "Name the user, as '?user=alice' with at most 256 characters, or post { \"session\": \"…\" }.")]
    [TestCase("POST /admin/disconnect?session=s-alice", null, 400, "Post the session as { \"session\": \"…\" }: an address ends up in logs, and whoever reads the id there is logged in.")]
    [TestCase("POST /admin/disconnect", "{ \"session\": 7 }", 400, "Post { \"user\": \"…\", \"session\": \"…\" } with one of them or both, in at most 4096 bytes with their Content-Length.")]
    [TestCase("POST /admin/disconnect", "null", 400, "Post { \"user\": \"…\", \"session\": \"…\" } with one of them or both, in at most 4096 bytes with their Content-Length.")]
    [TestCase("POST /admin/disconnect", "{ \"session\": \"s-nobody\" }", 404, "Nobody is logged in with this session. To close sockets of a session that has ended, name the user as well.")]
    [TestCase("POST /admin/drain?cluster=user", null, 400, "Name both, as '?cluster=…&destination=…'; /admin/clusters lists them.")]
    [TestCase("POST /admin/undrain?destination=etcd", null, 400, "Name both, as '?cluster=…&destination=…'; /admin/clusters lists them.")]
    public async Task BadInput_IsRefusedWithTheCure(string request, string? body, int status, string error)
    {
        await using var gateway = await StartAsync();

        var (actual, answer) = await AskAsync(gateway, request, body);

        Assert.That(((int)actual, answer.GetProperty("error").GetString()), Is.EqualTo((status, error)));
    }

    [Test]
    public async Task Disconnect_BodyOfUnknownLength_IsRefusedUnread()
    {
        await using var gateway = await StartAsync();
        using var content = new StreamContent(new UnseekableStream(Encoding.UTF8.GetBytes($"{{ \"user\": \"{new string('a', 1 << 20)}\" }}")));

        var (_, answer) = await AskAsync(gateway, "POST /admin/disconnect", content);

        Assert.That(answer.GetProperty("error").GetString(), Does.EndWith("in at most 4096 bytes with their Content-Length."));
    }

    [Test]
    [Servers]
    public async Task RedisDown_IsSaid()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await redis.KillAsync();
        await using var gateway = await StartAsync(new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = redis.Configuration,
            ["Gateway:Notify:RedisTimeout"] = "00:00:00.100",
        });

        foreach (var request in new[] { "GET /admin/sockets?user=alice", "POST /admin/publish?user=alice", "POST /admin/disconnect?user=alice" })
        {
            var (status, answer) = await AskAsync(gateway, request);
            Assert.That((int)status, Is.EqualTo(503), request);
            Assert.That(answer.GetProperty("error").GetString(), Does.StartWith("Redis does not answer"));
        }

        var bySession = await AskAsync(gateway, "POST /admin/disconnect", """{ "session": "s-alice" }""");
        Assert.That(bySession.Answer.GetProperty("error").GetString(), Does.StartWith("Redis does not answer"));
    }

    [Test]
    public async Task Status_SaysWhatThePageNeeds()
    {
        await using var service = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(address: service.Address);
        await using var socket = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(gateway.Urls[1], "/ws"), "s-alice");
        (await gateway.PostAsync("/service/user/get_user_info", new GetUserInfoReq { SessionId = "s-alice" }.ToByteArray())).Dispose();
        (await gateway.PostAsync("/service/user/get_user_info", [])).Dispose();
        await Eventually.That(async () => Sockets(await StatusAsync(gateway)) == 1);
        await AskAsync(gateway, "POST /admin/publish?user=alice");
        await socket.ReceiveAsync();

        await Eventually.That(async () => (await StatusAsync(gateway)).GetProperty("traffic").GetProperty("delivered").GetInt64() == 1);
        var status = await StatusAsync(gateway);

        Assert.That(status.GetProperty("node").GetString(), Does.StartWith(Environment.MachineName));
        Assert.That(status.GetProperty("roles").EnumerateArray().Select(role => role.GetString()), Is.EqualTo(new[] { "proxy", "notify" }));
        Assert.That(status.GetProperty("canChange").GetBoolean(), Is.True);
        Assert.That(status.GetProperty("uptimeSeconds").GetDouble(), Is.Positive);
        Assert.That(status.GetProperty("health").GetProperty("lastReload").GetProperty("result").GetString(), Is.EqualTo("applied"));
        var traffic = status.GetProperty("traffic");
        Assert.That(traffic.GetProperty("calls").ToString(), Is.EqualTo("""{"ok":1,"session-invalid":1}""").Or.EqualTo("""{"session-invalid":1,"ok":1}"""));
        Assert.That(traffic.GetProperty("published").GetInt64(), Is.EqualTo(1));
        var destination = (await AskAsync(gateway, "GET /admin/clusters")).Answer.EnumerateArray()
            .Single(cluster => cluster.GetProperty("cluster").GetString() == "user").GetProperty("destinations")[0];
        Assert.That((destination.GetProperty("calls").GetInt64(), destination.GetProperty("failedCalls").GetInt64()), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task Traffic_SaysHowCallsEnded_AndKeepsTheLastHour()
    {
        var time = new FakeTimeProvider();
        await using var service = await StubSubService.StartAsync();
        await using var gateway = await StartAsync(address: service.Address, configure: services => CountBy(services, time));
        for (var i = 0; i < 10; i++)
        {
            (await gateway.PostAsync("/service/user/get_user_info", new GetUserInfoReq { SessionId = "s-alice" }.ToByteArray())).Dispose();
            (await gateway.PostAsync("/service/user/get_user_info", [])).Dispose();
        }

        await Eventually.That(async () => (await AskAsync(gateway, "GET /admin/status")).Answer.GetProperty("traffic").GetProperty("calls").EnumerateObject().Sum(outcome => outcome.Value.GetInt64()) == 20);
        time.Advance(CallWindow.Period);
        var traffic = (await AskAsync(gateway, "GET /admin/traffic")).Answer;

        foreach (var part in new[] { traffic.GetProperty("now"), traffic.GetProperty("routes").GetProperty("user-get-user-info"), (await HistoryAsync(gateway)).Single() })
        {
            Assert.That(Rates(part), Is.EqualTo((2, 0, 1)), part.ToString());
            Assert.That(part.GetProperty("p50").GetDouble(), Is.Positive.And.LessThanOrEqualTo(part.GetProperty("p99").GetDouble()));
        }

        Assert.That(traffic.GetProperty("lastMinute").GetProperty("outcomes").GetProperty("session-invalid").GetInt64(), Is.EqualTo(10));
        Assert.That(Rates(traffic.GetProperty("clusters").GetProperty("user")), Is.EqualTo((2, 0, 1)));
        var destination = (await AskAsync(gateway, "GET /admin/clusters")).Answer.EnumerateArray()
            .Single(cluster => cluster.GetProperty("cluster").GetString() == "user").GetProperty("destinations")[0];
        Assert.That(Rates(destination.GetProperty("lastMinute")), Is.EqualTo((1, 0, 0)));

        for (var i = 0; i < TrafficHistory.MaxPoints + 5; i++)
        {
            time.Advance(CallWindow.Period);
        }

        var points = await HistoryAsync(gateway);
        Assert.That(points, Has.Length.EqualTo(TrafficHistory.MaxPoints), "An hour and no more");
        Assert.That(points.Select(point => point.GetProperty("callsPerSecond").GetDouble()), Is.All.Zero, "Each call stands in one point");
        Assert.That((await AskAsync(gateway, "GET /admin/traffic")).Answer.GetProperty("routes").ToString(), Is.EqualTo("{}"));
    }

    [Test]
    public async Task Settings_AreThoseOfTheStart_WithTheirSource_AndWithoutSecrets()
    {
        using var folder = new RouteFolder();
        folder.Write(RouteReloadTest.File(sections: """ "Gateway": { "Rpc": { "DefaultTimeout": "00:00:07" } }, """));
        await using var gateway = await StartAsync(new()
        {
            [RouteFile.Setting] = folder.File,
            ["Gateway:Redis:Configuration"] = "10.0.0.1:6379,password=hush hush,ssl=true",
            ["Gateway:Etcd:User"] = "gateway",
            ["Gateway:Etcd:Password"] = "hush",
        });

        var answer = (await AskAsync(gateway, "GET /admin/settings")).Answer;

        Assert.That(answer.ToString(), Does.Not.Contain("hush").And.Not.Contain(Token));
        var settings = answer.EnumerateArray().ToDictionary(setting => setting.GetProperty("setting").GetString()!, setting => (setting.GetProperty("value").GetString(), setting.GetProperty("source").GetString()));
        Assert.That(settings["Gateway:Rpc:DefaultTimeout"], Is.EqualTo(("00:00:07", folder.File)));
        Assert.That(settings["Gateway:Rpc:MaxDiscardTime"], Is.EqualTo(("00:01:00", (string?)null)));
        Assert.That(settings["Gateway:Redis:Configuration"], Is.EqualTo(("10.0.0.1:6379,password=(hidden),ssl=true", "settings of the host program")));
        Assert.That((settings["Gateway:Etcd:Password"].Item1, settings["Gateway:Management:Token"].Item1), Is.EqualTo(("(hidden)", "(hidden)")));
    }

    [TestCase("Gateway:Etcd:Endpoints", "http://user:hush@10.0.0.1:2379", "http://(hidden)@10.0.0.1:2379")]
    [TestCase("Gateway:Etcd:Endpoints", "http://a:1,user:hu@sh/hush@10.0.0.1:2379", "http://a:1,(hidden)@10.0.0.1:2379")]
    [TestCase("Gateway:Telemetry:OtlpEndpoint", "https://collector/v1?key=hush", "https://collector/v1?(hidden)")]
    [TestCase("Gateway:Redis:Configuration", "a:1,Password = hush,b:2", "a:1,Password = (hidden),b:2")]
    [TestCase("Gateway:Management:TokenFile", "/run/token", "/run/token")]
    [TestCase("Gateway:Etcd:Password", "", "")]
    public void Settings_HideWhatIsSecret(string key, string value, string shown) => Assert.That(SettingsReport.Show(key, value), Is.EqualTo(shown));

    [Test]
    public async Task Routes_HaveTheirDetails()
    {
        await using var gateway = await StartAsync();

        var routes = (await AskAsync(gateway, "GET /admin/routes")).Answer.EnumerateArray().ToDictionary(route => route.GetProperty("route").GetString()!);

        Assert.That(routes["friend-add-friend-process"].GetProperty("rpcDetails").ToString(), Is.EqualTo(
            """{"session":"Required","timeout":"00:00:10","maxRequestBodySize":4194304,"events":["FRIEND_ADD_PROCESS_NOTIFY","CHAT_SESSION_CREATE_NOTIFY","CHAT_SESSION_CREATE_NOTIFY"]}"""));
        Assert.That(routes["user-username-login"].GetProperty("rpcDetails").GetProperty("session").GetString(), Is.EqualTo("Anonymous"));
        Assert.That(routes["user-username-login"].GetProperty("rateLimitDetails").ToString(), Is.EqualTo(
            """[{"name":"login","permit":120,"window":"00:01:00","per":"Address","field":"","shared":false}]"""));
    }

    [Test]
    public async Task Reload_SaysWhatBecameOfIt_AndWhereEachRouteIsWritten()
    {
        using var folder = new RouteFolder();
        folder.Write(RouteReloadTest.File());
        await using var gateway = await StartAsync(new() { [RouteFile.Setting] = folder.File });

        Assert.That((await ReloadAsync(gateway)).GetProperty("result").GetString(), Is.EqualTo("unchanged"));

        folder.Write("{ nothing");
        var refused = await ReloadAsync(gateway);
        Assert.That(refused.GetProperty("result").GetString(), Is.EqualTo("refused"));
        Assert.That(refused.GetProperty("errors")[0].GetString(), Does.StartWith($"The routes file '{folder.File}' cannot be read: line 1, byte "));

        folder.Write(RouteReloadTest.File());
        folder.Write(
            """{ "ReverseProxy": { "Routes": { "more": { "ClusterId": "own", "Match": { "Path": "/more" } } }, "Clusters": { "own": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } } } }""",
            "routes.d", "more.json");
        Assert.That((await ReloadAsync(gateway)).GetProperty("result").GetString(), Is.EqualTo("applied"));

        var routes = (await AskAsync(gateway, "GET /admin/routes")).Answer.EnumerateArray();
        Assert.That(
            routes.Select(route => (route.GetProperty("route").GetString(), route.GetProperty("origin").GetString())),
            Is.EqualTo(new[] { ("login", folder.File), ("more", folder.PathOf("routes.d", "more.json")) }));
        var clusters = (await AskAsync(gateway, "GET /admin/clusters")).Answer.EnumerateArray().ToDictionary(cluster => cluster.GetProperty("cluster").GetString()!);
        Assert.That(Origins(clusters["own"]), Is.EqualTo((folder.PathOf("routes.d", "more.json"), folder.PathOf("routes.d", "more.json"))));
        Assert.That(Origins(clusters["user"]), Is.EqualTo((folder.File, "settings of the host program")), "The test overrides the address");
    }

    [Test]
    [Servers]
    public async Task GatewayForSocketsAlone_SaysThatItHasNoRoutes()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var gateway = await StartAsync(new()
        {
            ["Gateway:Roles"] = "notify",
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = redis.Configuration,
        });

        foreach (var request in new[] { "GET /admin/routes", "GET /admin/clusters", "POST /admin/reload", "POST /admin/drain?cluster=user&destination=etcd" })
        {
            var (status, answer) = await AskAsync(gateway, request);
            Assert.That((int)status, Is.EqualTo(404), request);
            Assert.That(answer.GetProperty("error").GetString(), Is.EqualTo("This gateway has no routes and clusters: Gateway:Roles is 'notify'. Ask one with the role 'proxy'."));
        }

        await Eventually.That(async () => (await AskAsync(gateway, "GET /admin/sockets?user=alice")).Status == HttpStatusCode.OK);
        Assert.That((await StatusAsync(gateway)).GetProperty("roles")[0].GetString(), Is.EqualTo("notify"));
    }

    private static (string?, string?) Origins(JsonElement cluster) =>
        (cluster.GetProperty("origin").GetString(), cluster.GetProperty("destinations")[0].GetProperty("origin").GetString());

    private static long Sockets(JsonElement status) => status.GetProperty("traffic").GetProperty("sockets").GetInt64();

    /// <summary>Lets the gateway's statistics go by another clock; they are registered before its own.</summary>
    internal static void CountBy(IServiceCollection services, TimeProvider time)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Traffic>(provider, time));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TrafficHistory>(provider, time));
    }

    private static (double, double, double) Rates(JsonElement rates) =>
        (rates.GetProperty("callsPerSecond").GetDouble(), rates.GetProperty("failedPerSecond").GetDouble(), rates.GetProperty("refusedPerSecond").GetDouble());

    private async Task<JsonElement[]> HistoryAsync(GatewayFixture gateway) => [.. (await AskAsync(gateway, "GET /admin/traffic/history")).Answer.EnumerateArray()];

    private static async Task<GatewayFixture> StartAsync(
        Dictionary<string, string?>? settings = null, string address = "http://127.0.0.1:1", Action<IServiceCollection>? configure = null)
    {
        var gateway = await GatewayFixture.StartAsync(address, new(settings ?? []) { ["Gateway:Management:Token"] = Token }, builder =>
        {
            RouteReloadTest.LookWhenAsked(builder.Services);
            configure?.Invoke(builder.Services);
        });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private async Task<JsonElement> StatusAsync(GatewayFixture gateway) => (await AskAsync(gateway, "GET /admin/status")).Answer;

    private async Task<JsonElement> ReloadAsync(GatewayFixture gateway) => (await AskAsync(gateway, "POST /admin/reload")).Answer;

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(GatewayFixture gateway, string request, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body);
        return await AskAsync(gateway, request, content);
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(GatewayFixture gateway, string request, HttpContent? content)
    {
        var parts = request.Split(' ');
        using var message = new HttpRequestMessage(new HttpMethod(parts[0]), new Uri(gateway.Management, parts[1])) { Content = content };
        message.Headers.Authorization = new("Bearer", Token);
        using var response = await _client.SendAsync(message).DefaultTimeout();
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Is sent in chunks, for its length is not known.</summary>
    private sealed class UnseekableStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
