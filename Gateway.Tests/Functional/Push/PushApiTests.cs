using System.Net;
using Gateway.Protocol.PushV1;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gateway.Tests.Functional.Push;

/// <summary>The push API of one gateway, by gRPC and as JSON.</summary>
[TestFixture]
internal sealed class PushApiTests : PushTest
{
    private HubFixture _hub = null!;

    private GatewayFixture Gateway => _hub.Gateway;

    [SetUp]
    public async Task StartAsync() => _hub = await HubFixture.StartAsync(Settings(("Gateway:Push:MaxUsers", "3"), ("Gateway:Push:MaxEventSize", "1024"), ("Gateway:Management:Token", Token)));

    [TearDown]
    public async Task StopAsync() => await _hub.DisposeAsync();

    [Test]
    public async Task Publish_ReadyBytes_ReachTheSocketsOfAllUsers_AsTheyAre()
    {
        await using var alice = await _hub.JoinAsync("alice");
        await using var bob = await _hub.JoinAsync("bob");
        // A field that no version of the gateway knows.
        byte[] bytes = [.. Removed("carol").ToByteArray(), 0xA0, 0x1F, 0x07];

        var answer = await Client(Gateway).PublishAsync(new PublishRequest { UserIds = { "alice", "bob", "alice" }, Message = ByteString.CopyFrom(bytes) });

        Assert.That(answer, Is.EqualTo(new PublishResponse()));
        Assert.That(await alice.ReceiveRawAsync(), Is.EqualTo(bytes));
        Assert.That(await bob.ReceiveRawAsync(), Is.EqualTo(bytes));
    }

    [Test]
    public async Task Publish_FieldsAsJson_ReachTheSocketsAsBytes_AndHaveAPlaceAmongTheEvents()
    {
        await using var alice = await ExtendedClient.JoinAsync(_hub.WebSocketPort, "s-alice");

        var (status, answer) = await PostAsync(
            Gateway, "/v1/publish", """{ "userIds": ["alice"], "fields": { "notify_type": "FRIEND_REMOVE_NOTIFY", "friendRemove": { "user_id": "bob" } } }""");

        Assert.That((status, answer.ToString()), Is.EqualTo((200, """{ "duplicate": false, "incomplete": false }""")));
        var told = await alice.ReceiveEventAsync();
        Assert.That((told.Sequence, told.Notify), Is.EqualTo((1UL, Removed("bob"))));
    }

    [Test]
    public async Task Publish_SameKey_IsDoneOnce_WhicheverWayItComes()
    {
        await using var alice = await _hub.JoinAsync("alice");
        var request = new PublishRequest { UserIds = { "alice" }, Message = Removed("bob").ToByteString(), IdempotencyKey = "e-1" };

        var first = await Client(Gateway).PublishAsync(request);
        var second = await PostAsync(Gateway, "/v1/publish", JsonFormatter.Default.Format(request));
        await Client(Gateway).PublishAsync(new PublishRequest { UserIds = { "alice" }, Message = Removed("carol").ToByteString(), IdempotencyKey = "e-2" });

        Assert.That((first.Duplicate, second.Answer.GetProperty("duplicate").GetBoolean()), Is.EqualTo((false, true)));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("bob")));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("carol")));
    }

    [Test]
    public async Task FindOnline_NamesThoseWithSockets()
    {
        await using var plain = await _hub.JoinAsync("bob");
        await using var extended = await ExtendedClient.JoinAsync(_hub.WebSocketPort, "s-bob");
        await Eventually.That(() => _hub.SocketsOf("bob") == 2);

        var answer = await Client(Gateway).FindOnlineAsync(new FindOnlineRequest { UserIds = { "alice", "bob" } });

        Assert.That(answer.Users.Select(user => user.UserId), Is.EqualTo(new[] { "bob" }));
        Assert.That(answer.Users[0].Sockets.Select(socket => socket.Protocol), Is.EqualTo(new[] { "plain", "gateway.notify.v2" }));
        Assert.That(answer.Users[0].Sockets.Select(socket => socket.Gateway), Is.All.EqualTo(_hub.Hub.NodeName));
        Assert.That(answer.Users[0].Sockets[1].SocketId, Is.EqualTo(extended.ConnectionId));
    }

    [Test]
    public async Task Disconnect_BySessionAlone_FindsTheUser_AndClosesItsSockets()
    {
        _hub.Sessions.Set("s-alice-2", "alice");
        await using var one = await _hub.JoinAsync("alice");
        await using var other = await _hub.JoinAsync("alice", session: "s-alice-2");

        var bySession = await Client(Gateway).DisconnectAsync(new DisconnectRequest { SessionId = "s-alice" });
        Assert.That((await one.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        await Eventually.That(() => _hub.SocketsOf("alice") == 1);
        var (_, byUser) = await PostAsync(Gateway, "/v1/disconnect", """{ "userId": "alice" }""");

        Assert.That((await other.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        Assert.That(bySession, Is.EqualTo(new DisconnectResponse { UserId = "alice", OpenBefore = 2 }));
        Assert.That(byUser.GetProperty("openBefore").GetInt32(), Is.EqualTo(1));
        Assert.That(_hub.Log.Named("PushDisconnected").Select(entry => entry.Message), Is.EqualTo(new[]
        {
            "A sub-service closed the sockets of one session of user 'alice', on all gateways.",
            "A sub-service closed all sockets of user 'alice', on all gateways.",
        }));
    }

    [TestCase("/v1/publish", """{ "message": "CAQ=" }""", "The request names 0 users; name 1 to 3 (Gateway:Push:MaxUsers).")]
    [TestCase("/v1/publish", """{ "userIds": ["a", "b", "c", "d"], "message": "CAQ=" }""", "The request names 4 users; name 1 to 3 (Gateway:Push:MaxUsers).")]
    [TestCase("/v1/publish", """{ "userIds": [""], "message": "CAQ=" }""", "A user id has 0 characters; use 1 to 256.")]
    [TestCase("/v1/publish", """{ "userIds": ["a"] }""", "There is no event; set 'message' to its bytes, or 'fields' to its fields.")]
    [TestCase("/v1/publish", """{ "userIds": ["a"], "message": "" }""", "The event is empty; set 'message' to its bytes, or 'fields' to its fields.")]
    [TestCase("/v1/publish", """{ "userIds": ["a"], "fields": { "notify_type": "FRIEND_ADD_APPLY_NOTIFY" } }""", "The event is empty: all its fields have their default values, which proto3 does not write. Give one another value.")]
    [TestCase("/v1/publish", """{ "userIds": ["a"], "message": "CA==" }""", "The event is no protobuf message.")]
    [TestCase("/v1/publish", """{ "userIds": ["a"], "fields": { "notify_tipe": 1 } }""", "'notify_tipe' is no field of NotifyMessage; did you mean 'notify_type'? It has notify_event_id, notify_type, friend_add_apply, friend_process_result, new_chat_session_info, new_message_info, friend_remove.")]
    [TestCase("/v1/disconnect", "{ }", "A user id has 0 characters; use 1 to 256.")]
    public async Task BadRequest_IsRefusedWithTheCure(string path, string body, string message)
    {
        var (status, answer) = await PostAsync(Gateway, path, body);

        Assert.That((status, answer.GetProperty("code").GetString(), answer.GetProperty("message").GetString()), Is.EqualTo((400, "INVALID_ARGUMENT", message)));
    }

    [TestCase("POST /v1/publishh")]
    [TestCase("POST /v1/publish/x.json")]
    [TestCase("GET /v1/publish")]
    [TestCase("GET /")]
    public async Task UnknownPath_IsRefusedWithThoseThereAre(string question)
    {
        var (method, path) = (question.Split(' ')[0], question.Split(' ')[1]);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(JsonPortOf(Gateway), path));
        request.Headers.Authorization = new("Bearer", Token);

        using var response = await Gateway.Client.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(
            $$"""{ "code": "UNIMPLEMENTED", "message": "'{{question}}' is nothing that this port knows; POST to /v1/publish, /v1/find-online or /v1/disconnect." }"""));
    }

    [Test]
    public async Task UnknownMethodOfGrpc_IsRefusedAsGrpcDoes()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(PortOf(Gateway), "/gateway.push.v1.Push/Publishh"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([]),
        };
        request.Headers.Authorization = new("Bearer", Token);
        request.Content.Headers.ContentType = new("application/grpc");

        using var response = await http.SendAsync(request).DefaultTimeout();

        Assert.That((response.StatusCode, response.Headers.GetValues("grpc-status").Single()), Is.EqualTo((HttpStatusCode.OK, "12")));
    }

    [TestCase("""{ "users": ["a"] }""")]
    [TestCase("{ nothing")]
    [TestCase("[]")]
    public async Task BodyThatIsNoRequest_IsRefused(string body)
    {
        var (status, answer) = await PostAsync(Gateway, "/v1/publish", body);

        Assert.That(status, Is.EqualTo(400));
        Assert.That(answer.GetProperty("message").GetString(), Does.StartWith("The body is no PublishRequest of proto/push.proto as JSON ("));
    }

    [Test]
    public async Task Event_LongerThanAllowed_IsRefused_AndSoIsABodyBeyondAll()
    {
        var long1 = new PublishRequest { UserIds = { "alice" }, Message = Removed(new string('x', 1024)).ToByteString() };
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await Client(Gateway).PublishAsync(long1)))!;
        Assert.That(refused.Status, Is.EqualTo(new Status(StatusCode.InvalidArgument, $"The event has {long1.Message.Length} bytes, and Gateway:Push:MaxEventSize allows 1024.")));

        var (status, answer) = await PostAsync(Gateway, "/v1/publish", $"{{ \"message\": \"{new string('A', 1 << 20)}\" }}");
        Assert.That((status, answer.GetProperty("code").GetString()), Is.EqualTo((413, "INVALID_ARGUMENT")));
    }

    [Test]
    public async Task WithoutTheToken_NothingIsAnswered_AndClientsOfTheOtherPortsReachNothing()
    {
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await Client(Gateway, "another-token-of-this-length").FindOnlineAsync(new FindOnlineRequest { UserIds = { "alice" } })))!;
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.Unauthenticated));
        var (status, answer) = await PostAsync(Gateway, "/v1/find-online", """{ "userIds": ["alice"] }""", "");
        Assert.That((status, answer.GetProperty("message").GetString()), Is.EqualTo((401, "Send 'Authorization: Bearer <token>' with the token of Gateway:Push.")));

        using var byClients = await Gateway.PostAsync("/v1/publish", []);
        Assert.That(byClients.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        using var atThePort = new HttpRequestMessage(HttpMethod.Post, new Uri(JsonPortOf(Gateway), "/service/user/username_login"));
        atThePort.Headers.Authorization = new("Bearer", Token);
        using var byRoutes = await Gateway.Client.SendAsync(atThePort);
        Assert.That(byRoutes.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Calls_AreCounted_AndShownToOperators()
    {
        await Client(Gateway).PublishAsync(new PublishRequest { UserIds = { "alice" }, Fields = new Struct { Fields = { ["notify_event_id"] = Value.ForString("e") } } });
        await PostAsync(Gateway, "/v1/publish", "{}");

        using var http = new HttpClient { BaseAddress = Gateway.Management };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        var metrics = await http.GetStringAsync("/metrics");
        Assert.That(metrics, Does.Match("""gateway_push_duration_seconds_count\{[^}]*method="publish",result="OK"\} 1"""));
        Assert.That(metrics, Does.Match("""gateway_push_duration_seconds_count\{[^}]*method="publish",result="INVALID_ARGUMENT"\} 1"""));
        Assert.That(metrics, Does.Match("""gateway_push_events_total\{[^}]*result="taken",source="api"\} 1"""));
        Assert.That(await http.GetStringAsync("/admin/status"), Does.Contain("\"pushed\":2"));
    }
}
