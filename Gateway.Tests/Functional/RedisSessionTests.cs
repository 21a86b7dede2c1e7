using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Calls whose sessions are in a real Redis, while it lives and while it does not.</summary>
[TestFixture]
[Servers]
internal sealed class RedisSessionTests
{
    private const string Path = "/service/user/get_user_info";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private RedisProcess _redis = null!;
    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _redis = await RedisProcess.CreateAsync();
        _service = await StubSubService.StartAsync();
        _gateway = await StartGatewayAsync(_redis.Configuration);
        await Eventually.That(async () => await CodeAsync() == "session-invalid");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Test]
    public async Task Call_WithASessionInRedis_ArrivesAsItsUser()
    {
        await LogInAsync();

        Assert.That(await CodeAsync(), Is.Empty);
        Assert.That(GetUserInfoReq.Parser.ParseFrom(_service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Call_KeyWithAnEmptyValue_IsNobody()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("session:s-alice", "");

        Assert.That(await CodeAsync(), Is.EqualTo("session-invalid"));
        Assert.That(_service.Calls, Is.Empty);
    }

    [Test]
    public async Task Redis_KilledAndBack_RefusesMeanwhileAndRecovers()
    {
        await LogInAsync();
        Assert.That(await CodeAsync(), Is.Empty);

        await _redis.KillAsync();
        Assert.That(await CodeAsync(), Is.EqualTo("session-store-down"));
        Assert.That(_service.Calls, Has.Count.EqualTo(1), "Nobody is let in on no answer");

        await _redis.StartAsync();
        await Eventually.That(async () => await CodeAsync() == "");
    }

    [Test]
    public async Task Redis_Frozen_IsNotWaitedFor()
    {
        await LogInAsync();
        await _redis.PauseAsync();

        Assert.That(await CodeAsync(), Is.EqualTo("session-store-down"));

        _redis.Resume();
        await Eventually.That(async () => await CodeAsync() == "");
    }

    [Test]
    public async Task Redis_AnswersLate_IsNotWaitedForAndRecovers()
    {
        await LogInAsync();
        await using var relay = new TcpRelay(_redis.Port);
        await using var gateway = await StartGatewayAsync($"127.0.0.1:{relay.Port}");
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        var calls = _service.Calls.Count;

        relay.HoldAnswers();
        Assert.That(await CodeAsync(gateway), Is.EqualTo("session-store-down"), "The answer is still held");
        Assert.That(await gateway.Client.GetStringAsync(new Uri(gateway.Management, "/readyz")), Does.Contain("\"outages\":[\"sessions cannot be looked up in time: "));
        Assert.That(_service.Calls, Has.Count.EqualTo(calls), "Nobody is let in on no answer");

        relay.Restore();
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        Assert.That(await gateway.Client.GetStringAsync(new Uri(gateway.Management, "/readyz")), Does.Contain("\"outages\":[]"));
    }

    [Test]
    public async Task Redis_PrimaryLostAndReplicaPromoted_SessionsAreFoundThere()
    {
        await LogInAsync();
        await using var second = await RedisProcess.CreateAsync();
        await using var replica = await second.ConnectAsync();
        var server = replica.GetServers()[0];
        await server.ExecuteAsync("REPLICAOF", "127.0.0.1", $"{_redis.Port}");
        await Eventually.That(async () => $"{await server.ExecuteAsync("INFO", "replication")}".Contains("master_link_status:up"));
        await using var gateway = await StartGatewayAsync($"{_redis.Configuration},{second.Configuration}");
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        await _redis.KillAsync();
        await server.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await server.ExecuteAsync("DEL", "session:s-alice");
        await Eventually.That(async () => await CodeAsync(gateway) == "session-invalid");
        await server.ExecuteAsync("SET", "session:s-alice", "alice");

        await Eventually.That(async () => await CodeAsync(gateway) == "");
    }

    [Test]
    public async Task Redis_AwayAtTheStart_RefusesUntilItComes()
    {
        await LogInAsync();
        await _redis.KillAsync();
        await using var gateway = await StartGatewayAsync(_redis.Configuration);

        Assert.That(await CodeAsync(gateway), Is.EqualTo("session-store-down"));
        using var login = await gateway.PostAsync("/service/user/username_login", []).DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(login), Is.Empty, "Who logs in has no session yet");
        Assert.That(_service.Calls, Has.Count.EqualTo(1), "Nobody else is let in");

        await _redis.StartAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "");
    }

    [Test]
    public async Task CacheTtl_SessionEnds_IsOutForCallsWhenItsTimeIsOver()
    {
        await LogInAsync();
        await using var gateway = await StartGatewayAsync(_redis.Configuration, cacheTtl: "00:00:01");
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        await using var connection = await _redis.ConnectAsync();

        await connection.GetDatabase().KeyDeleteAsync("session:s-alice");

        await Eventually.That(async () => await CodeAsync(gateway) == "session-invalid");
    }

    [Test]
    public async Task CacheTtl_RedisKilled_RememberedSessionsPassAndNobodyElseDoes()
    {
        await LogInAsync();
        await using var gateway = await StartGatewayAsync(_redis.Configuration, cacheTtl: "00:00:30");
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        await _redis.KillAsync();

        Assert.That(await CodeAsync(gateway), Is.Empty);
        using var other = await gateway.PostAsync(Path, new GetUserInfoReq { RequestId = "r1", SessionId = "s-bob" }.ToByteArray()).DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(other), Is.EqualTo("session-store-down"));
    }

    private Task<GatewayFixture> StartGatewayAsync(string redis, string cacheTtl = "00:00:00") => GatewayFixture.StartAsync(_service.Address, new()
    {
        ["Gateway:Sessions:Store"] = "Redis",
        ["Gateway:Sessions:CacheTtl"] = cacheTtl,
        ["Gateway:Sessions:KeyPattern"] = "session:{session_id}",
        ["Gateway:Redis:Configuration"] = redis,
    });

    private async Task LogInAsync()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("session:s-alice", "alice");
    }

    private Task<string> CodeAsync() => CodeAsync(_gateway);

    private static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
