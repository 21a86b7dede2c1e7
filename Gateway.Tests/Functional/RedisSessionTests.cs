using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Calls whose sessions are in a real Redis, while it lives and while it does not.</summary>
[TestFixture]
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
        _gateway = await GatewayFixture.StartAsync(_service.Address, new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Sessions:KeyPattern"] = "session:{session_id}",
            ["Gateway:Redis:Configuration"] = _redis.Configuration,
        });
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

    private async Task LogInAsync()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("session:s-alice", "alice");
    }

    private async Task<string> CodeAsync()
    {
        using var response = await _gateway.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
