using System.Net.Http.Headers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Calls of clients that show a token in place of a session id, with a real Redis for those that were made invalid.</summary>
[TestFixture]
[Servers]
internal sealed class TokenTests
{
    private const string Path = "/service/user/get_user_info";

    private static readonly GetUserInfoReq Bare = new() { RequestId = "r1" };

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-jwt-").FullName;
    private readonly TestTokens _tokens = new();
    private RedisProcess _redis = null!;
    private StubSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(FileOf("secret"), TestTokens.Secret);
        await File.WriteAllTextAsync(FileOf("keys"), _tokens.KeySet);
        _redis = await RedisProcess.CreateAsync();
        _service = await StubSubService.StartAsync();
        _gateway = await StartGatewayAsync([]);
        await Eventually.That(async () => await CodeAsync(TestTokens.Hs256()) == "", "the gateway has not found Redis");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        _tokens.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Call_WithAToken_ArrivesAsItsUser()
    {
        foreach (var token in new[] { TestTokens.Hs256(), _tokens.Rs256(), _tokens.Es256() })
        {
            Assert.That(await CodeAsync(token), Is.Empty);
            Assert.That(GetUserInfoReq.Parser.ParseFrom(_service.LastCall.Message), Is.EqualTo(new GetUserInfoReq { RequestId = "r1", UserId = "alice" }));
        }
    }

    [Test]
    public async Task Call_WithATokenInTheMessage_ArrivesAsItsUser()
    {
        var token = TestTokens.Hs256(TestTokens.Claims(further: ("padding", new string('x', 1000))));

        Assert.That(await CodeAsync(null, new GetUserInfoReq(Bare) { SessionId = token }), Is.Empty);
        Assert.That(GetUserInfoReq.Parser.ParseFrom(_service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Call_WithABadToken_IsRefused()
    {
        var before = _service.Calls.Count;
        string[] tokens =
        [
            TestTokens.Hs256(secret: "another secret, of more than 32 bytes as well"),
            TestTokens.Hs256(TestTokens.Claims(further: ("exp", 1))),
            TestTokens.Sign(TestTokens.Header("none"), TestTokens.Claims(), _ => []),
            TestTokens.Hs256(TestTokens.Header("HS256", "rsa-1"), TestTokens.Claims(), _tokens.PublicKey),
            TestTokens.Hs256(TestTokens.Claims(further: ("padding", new string('x', 4096)))),
            TestTokens.Hs256() + ".e30.e30",
            TestTokens.Hs256() + "=",
        ];
        foreach (var token in tokens)
        {
            Assert.That(await CodeAsync(token), Is.EqualTo("session-invalid"), token);
            Assert.That(await CodeAsync(null, new GetUserInfoReq(Bare) { SessionId = token }), Is.EqualTo("session-invalid"), token);
        }

        Assert.That(_service.Calls, Has.Count.EqualTo(before));
        Assert.That(_gateway.Log.Entries.Select(entry => $"{entry.Message} {entry.Values} {entry.Exception}"), Has.None.Contain("eyJ"), "A token was logged");
    }

    [Test]
    public async Task Call_WithADeniedToken_IsRefused()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("jwt:denied:j1", "1");
        await connection.GetDatabase().ListLeftPushAsync("jwt:denied:j3", "a value of any kind");

        Assert.That(await CodeAsync(TestTokens.Hs256()), Is.EqualTo("session-invalid"));
        Assert.That(await CodeAsync(TestTokens.Hs256(TestTokens.Claims(further: ("jti", "j3")))), Is.EqualTo("session-invalid"));
        Assert.That(await CodeAsync(TestTokens.Hs256(TestTokens.Claims(further: ("jti", "j2")))), Is.Empty);
    }

    [Test]
    public async Task Call_WhileRedisIsDown_IsLetInByNobody()
    {
        Assert.That(await CodeAsync(TestTokens.Hs256()), Is.Empty);

        await _redis.KillAsync();
        Assert.That(await CodeAsync(TestTokens.Hs256()), Is.EqualTo("session-store-down"));
        Assert.That(await CodeAsync(TestTokens.Hs256(TestTokens.Claims(further: ("exp", 1)))), Is.EqualTo("session-invalid"));
        Assert.That(_gateway.Log.Named("DeniedTokensUnknown"), Is.Not.Empty);

        await _redis.StartAsync();
        await Eventually.That(async () => await CodeAsync(TestTokens.Hs256()) == "");
    }

    [Test]
    public async Task Redis_ThatForbidsToAsk_LetsNobodyIn()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetServers()[0].ExecuteAsync("ACL", "SETUSER", "default", "-exists");

        Assert.That(await CodeAsync(TestTokens.Hs256()), Is.EqualTo("session-store-down"));
        Assert.That(_gateway.Log.Named("DeniedTokensUnknown").Single().Message, Does.Contain("'+exists'"));
    }

    [Test]
    public async Task Session_IsTakenBeside_UnlessThatIsOver()
    {
        await using var connection = await _redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("session:s-alice", "alice");
        await using var strict = await StartGatewayAsync(new() { ["Gateway:Jwt:AcceptSessions"] = "false" });

        await Eventually.That(async () => await CodeAsync(TestTokens.Hs256(), gateway: strict) == "", "the gateway has not found Redis");
        Assert.That(await CodeAsync("s-alice"), Is.Empty);
        Assert.That(await CodeAsync("s-alice", gateway: strict), Is.EqualTo("session-invalid"));
    }

    private string FileOf(string name) => System.IO.Path.Combine(_folder, name);

    private Task<GatewayFixture> StartGatewayAsync(Dictionary<string, string?> settings) => GatewayFixture.StartAsync(_service.Address, new(settings)
    {
        ["Gateway:Sessions:Store"] = "Redis",
        ["Gateway:Sessions:KeyPattern"] = "session:{session_id}",
        ["Gateway:Sessions:Sources:0"] = "Body",
        ["Gateway:Sessions:Sources:1"] = "Bearer",
        ["Gateway:Redis:Configuration"] = _redis.Configuration,
        ["Gateway:Notify:Bus"] = "InProcess",
        ["Gateway:Jwt:SecretFile"] = FileOf("secret"),
        ["Gateway:Jwt:JwksFile"] = FileOf("keys"),
        ["Gateway:Jwt:DenyKeyPattern"] = "jwt:denied:{jti}",
    });

    private async Task<string> CodeAsync(string? token, GetUserInfoReq? message = null, GatewayFixture? gateway = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new ByteArrayContent((message ?? Bare).ToByteArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using var response = await (gateway ?? _gateway).Client.SendAsync(request).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
