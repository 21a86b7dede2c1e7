using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>
/// The program as operators start it, with nothing of the tests in its process: all that is generated, bound and looked up by name in
/// it. <c>deploy/native.sh</c> runs these against a native build.
/// </summary>
[TestFixture]
[Servers]
[Category("Program")]
internal sealed class ProgramTests
{
    private const string Token = "a-token-of-some-length";
    private const string Destination = "etcd";

    private RedisProcess _redis = null!;
    private StubSubService _service = null!;
    private GatewayProcess _gateway = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _redis = await RedisProcess.CreateAsync();
        await using (var connection = await _redis.ConnectAsync())
        {
            await connection.GetDatabase().StringSetAsync("s-alice", "alice");
            await connection.GetDatabase().StringSetAsync("s-bob", "bob");
        }

        _service = await StubSubService.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["Gateway:Redis:Configuration"] = _redis.Configuration,
            ["Gateway:Sessions:LookupTimeout"] = "00:00:02",
            ["Gateway:Notify:RedisTimeout"] = "00:00:02",
            ["Gateway:Management:Token"] = Token,
            ["Gateway:RateLimits:login:Permit"] = "1000",
        };
        foreach (var cluster in new[] { "user", "friend", "message-transmit" })
        {
            settings[$"ReverseProxy:Clusters:{cluster}:Destinations:{Destination}:Address"] = _service.Address;
        }

        _gateway = await GatewayProcess.StartAsync(settings);
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Eventually.That(async () => (await AskAsync("GET /readyz")).Status == HttpStatusCode.OK, "the gateway is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        _gateway.Dispose();
        await _service.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Test]
    public async Task Message_OfASessionInRedis_IsForwardedAnsweredAndPushed()
    {
        var message = new MessageInfo { MessageId = "m1", ChatSessionId = "c1", Message = new MessageContent { StringMessage = new StringMessageInfo { Content = "你好" } } };
        _service.Answer(new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = message, TargetIdList = { "alice", "bob" } });
        await using var bob = await NotifyClient.JoinAsync(_gateway.WebSocket, "s-bob");
        await Eventually.That(async () => (await AskAsync("GET /admin/sockets?user=bob")).Answer.GetArrayLength() == 1, "the socket is in");

        var answer = await CallAsync(NewMessageRsp.Parser, "/service/message_transmit/new_message", new NewMessageReq { RequestId = "r1", SessionId = "s-alice", UserId = "mallory" });

        Assert.That(answer, Is.EqualTo(new NewMessageRsp { RequestId = "r1", Success = true }));
        Assert.That(NewMessageReq.Parser.ParseFrom(_service.LastCall.Message).UserId, Is.EqualTo("alice"));
        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.ChatMessageNotify, NewMessageInfo = new NotifyNewMessage { MessageInfo = message } }));
    }

    [Test]
    public async Task FriendApplication_LooksTheUserUp_AndIsPushed()
    {
        var alice = new UserInfo { UserId = "alice", Nickname = "Alice" };
        _service.AnswerByMethod(new()
        {
            ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true },
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = alice } },
        });
        await using var bob = await NotifyClient.JoinAsync(_gateway.WebSocket, "s-bob");
        await Eventually.That(async () => (await AskAsync("GET /admin/sockets?user=bob")).Answer.GetArrayLength() == 1, "the socket is in");

        await CallAsync(FriendAddRsp.Parser, "/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(new NotifyMessage { NotifyType = NotifyType.FriendAddApplyNotify, FriendAddApply = new NotifyFriendAddApply { UserInfo = alice } }));
    }

    [Test]
    public async Task Session_NotInRedis_IsRefusedReadably()
    {
        var answer = await CallAsync(GetUserInfoRsp.Parser, "/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "nobody" });

        Assert.That((answer.RequestId, answer.Success, answer.Errmsg), Is.EqualTo(("r1", false, answer.Errmsg)));
        Assert.That(answer.Errmsg, Is.Not.Empty);
    }

    [TestCase("GET /livez", "status")]
    [TestCase("GET /readyz", "status", "routes", "etcd", "redis", "hub", "clusters", "lastReload")]
    [TestCase("GET /admin/status", "node", "version", "health", "traffic", "uptimeSeconds")]
    [TestCase("POST /admin/publish?user=alice", "user", "sockets", "event")]
    [TestCase("POST /admin/disconnect?user=carol", "user", "closed", "openBefore")]
    [TestCase("POST /admin/drain?cluster=speech&destination=etcd", "cluster", "destination", "drained")]
    [TestCase("POST /admin/undrain?cluster=speech&destination=etcd", "cluster", "destination", "drained")]
    [TestCase("POST /admin/reload", "result", "at", "revision", "message", "errors")]
    public async Task Management_EachQuestion_IsAnsweredInJson(string question, params string[] properties)
    {
        var (status, answer) = await AskAsync(question);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
        Assert.That(answer.EnumerateObject().Select(property => property.Name), Is.SupersetOf(properties));
    }

    [TestCase("GET /admin/routes", 28)]
    [TestCase("GET /admin/clusters", 6)]
    [TestCase("GET /admin/sockets?user=carol", 0)]
    public async Task Management_EachList_IsThere(string question, int length) =>
        Assert.That((await AskAsync(question)).Answer.GetArrayLength(), Is.EqualTo(length));

    [TestCase("POST /admin/disconnect", """{ "session": "s-nobody" }""", HttpStatusCode.NotFound)]
    [TestCase("POST /admin/drain?cluster=user", "", HttpStatusCode.BadRequest)]
    public async Task Management_BadQuestion_IsRefusedWithASentence(string question, string body, HttpStatusCode expected)
    {
        var (status, answer) = await AskAsync(question, body);

        Assert.That(status, Is.EqualTo(expected));
        Assert.That(answer.GetProperty("error").GetString(), Does.EndWith("."));
    }

    [Test]
    public async Task Management_RouteFileWithAMisspeltSetting_SaysWhichAndWhatWasMeant()
    {
        var routes = await File.ReadAllTextAsync(Path.Combine(GatewayProgram.Folder, "yarp.json"));

        var (_, answer) = await AskAsync("POST /admin/validate", routes.Replace("\"ClusterId\"", "\"ClusterID_\"", StringComparison.Ordinal));

        Assert.That(answer.GetProperty("valid").GetBoolean(), Is.False);
        Assert.That(answer.GetProperty("errors").EnumerateArray().Select(error => error.GetString()), Has.Some.Contains("did you mean 'ClusterId'?"));
        Assert.That((await AskAsync("POST /admin/validate", routes)).Answer.ToString(), Is.EqualTo("""{"valid":true,"errors":[]}"""));
    }

    [Test]
    public async Task Metrics_NameTheGatewaysOwnAndTheRuntimes()
    {
        await CallAsync(GetUserInfoRsp.Parser, "/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "nobody" });

        var metrics = await _client.GetStringAsync(new Uri(_gateway.Management, "/metrics"));

        Assert.That(metrics, Does.Contain("gateway_rpc_duration_seconds_count{").And.Contain("dotnet_gc_heap_total_allocated_bytes_total"));
    }

    [TestCase("--Gateway:Sessions:Lifetime=1", "Gateway:Sessions has no setting 'Lifetime'")]
    [TestCase("--Gateway:Limits:MaxConnections=many", "Gateway:Limits:MaxConnections is 'many' (command line); use a whole number, at most 2147483647.")]
    [TestCase("--Gateway:Errors:DefaultLanguage=fr", "Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'.")]
    public async Task Start_WithABadSetting_NamesItAndEndsWithOne(string argument, string expected)
    {
        using var gateway = ChildProcess.Start(GatewayProgram.Folder, [], [.. GatewayProgram.Command, argument]);

        Assert.That(await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(1), gateway.Output);
        Assert.That(gateway.Output, Does.StartWith(expected));
    }

    [Test]
    public async Task Start_PortTaken_IsOneSentence()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        string[] settings =
        [
            "--Gateway:Listen:Address=127.0.0.1", $"--Gateway:Listen:HttpPort={port}", "--Gateway:Listen:WebSocketPort=0", "--Gateway:Management:Port=0", "--Gateway:Sessions:Store=Memory",
            .. new[] { "user", "friend", "message-transmit", "message-storage", "file", "speech" }.Select(cluster => $"--ReverseProxy:Clusters:{cluster}:Destinations:{Destination}:Address=http://127.0.0.1:1"),
        ];
        using var gateway = ChildProcess.Start(GatewayProgram.Folder, [], [.. GatewayProgram.Command, .. settings]);

        Assert.That(await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(1), gateway.Output);
        Assert.That(gateway.Output, Does.Contain($"Failed to bind to address http://127.0.0.1:{port}: address already in use. Stop what listens there, or set Gateway:Listen:HttpPort to another port."));
        Assert.That(gateway.Output, Does.Not.Contain("   at "), "Not a stack trace beside it");
    }

    [TestCase("--help")]
    [TestCase("-h")]
    public async Task Help_IsUsage_AndStartsNothing(string argument)
    {
        using var gateway = ChildProcess.Start(GatewayProgram.Folder, [], [.. GatewayProgram.Command, argument]);

        Assert.That(await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.Zero, gateway.Output);
        Assert.That(gateway.Output, Does.StartWith("Usage: Gateway.Proxy [--SETTING=VALUE…]"));
    }

    [TestCase("frobnicate")]
    [TestCase("--version")]
    public async Task Start_WithAnUnknownWord_IsRefusedWithUsage(string argument)
    {
        using var gateway = ChildProcess.Start(GatewayProgram.Folder, [], [.. GatewayProgram.Command, argument]);

        Assert.That(await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(2), gateway.Output);
        Assert.That(gateway.Output, Does.StartWith($"The argument '{argument}' is neither a setting nor a command; ").And.Contain("\nUsage: Gateway.Proxy [--SETTING=VALUE…]"));
    }

    private async Task<T> CallAsync<T>(MessageParser<T> parser, string path, IMessage request)
        where T : IMessage<T>
    {
        using var content = new ByteArrayContent(request.ToByteArray());
        using var response = await _client.PostAsync(new Uri(_gateway.Http, path), content);
        return parser.ParseFrom(await response.Content.ReadAsByteArrayAsync());
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(string question, string body = "")
    {
        var (method, path) = (question.Split(' ')[0], question.Split(' ')[1]);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_gateway.Management, path));
        request.Headers.Authorization = new("Bearer", Token);
        if (body.Length > 0)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await _client.SendAsync(request);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, answer.RootElement.Clone());
    }
}
