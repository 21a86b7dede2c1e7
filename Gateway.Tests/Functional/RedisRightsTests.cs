using System.Text.RegularExpressions;
using Gateway.Notify;
using Gateway.Notify.Delivery.Redis;
using Gateway.Protocol;
using Gateway.Proxy.Push;
using Gateway.Proxy.Redis;
using Gateway.Tests.Notify;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Tests.Functional;

/// <summary>Gateways that do everything they can with Redis, as a user with the rights that docs/configuration.md lists, and with one less.</summary>
[TestFixture]
[Servers]
internal sealed partial class RedisRightsTests
{
    private const string GetUserInfo = "/service/user/get_user_info";
    private const string Login = "/service/user/username_login";
    private const string RemoveFriend = "/service/friend/remove_friend";

    private static readonly string Section = Sections().Match(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "configuration.md"))).Value;

    private static readonly string[] Rights = [.. Words().Matches(Command().Match(Section).Groups[1].Value).Select(word => word.Value)];

    // What the client asks for beside them, and goes without.
    private static readonly string[] NotNeeded =
        ["client|id", "config|get", "cluster|nodes", "cluster|slots", "__Booksleeve_TieBreak", "__Booksleeve_MasterChanged"];

    private RedisProcess _redis = null!;
    private ConnectionMultiplexer _users = null!;
    private StubSubService _service = null!;
    private int _gateways;

    private IDatabase Database => _users.GetDatabase();

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _redis = await RedisProcess.CreateAsync();
        _users = await _redis.ConnectAsync();
        _service = await StubSubService.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _service.DisposeAsync();
        await _users.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [SetUp]
    public async Task ForgetAsync()
    {
        await Database.ExecuteAsync("FLUSHALL");
        await Database.ExecuteAsync("ACL", "LOG", "RESET");
        await LogInAsync();
    }

    [Test]
    public async Task DocumentedRights_AreEnough()
    {
        await Database.KeyExpireAsync("session:s-alice", TimeSpan.FromMinutes(1));
        await Database.KeyExpireAsync("status:bob", TimeSpan.FromMinutes(1));
        await using var one = await StartGatewayAsync();
        await using var other = await StartGatewayAsync();

        Assert.That(await CodeAsync(one, Login, new UserLoginReq { RequestId = "r1" }), Is.Empty);
        Assert.That(await Database.KeyExistsAsync("gateway:limit:login:127.0.0.1"), Is.True, "The limit is counted in Redis");
        await Eventually.That(async () => await CodeAsync(one) == "", "the session is found");
        // At once, so that they are asked for together.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => CodeAsync(one, GetUserInfo, new GetUserInfoReq { RequestId = "r1", SessionId = $"made-up-{i}" })));
        await using (var bob = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(other.Urls[1], "/ws"), "s-bob"))
        {
            await Eventually.That(async () => (await NodesFixture.HubOf(one).FindSocketsAsync("bob", CancellationToken.None)).Count == 1, "the other gateway holds his socket");
            _service.Answer(new FriendRemoveRsp { RequestId = "r1", Success = true });
            Assert.That(await CodeAsync(one, RemoveFriend, new FriendRemoveReq { RequestId = "r1", SessionId = "s-alice", PeerId = "bob" }), Is.Empty);
            Assert.That((await bob.ReceiveAsync()).FriendRemove.UserId, Is.EqualTo("alice"));
            // Put down beside the notice of it.
            var large = HubFixture.Removed(new string('x', 100_000));
            await NodesFixture.HubOf(one).PublishAsync(["bob"], large, CancellationToken.None);
            Assert.That(await bob.ReceiveAsync(), Is.EqualTo(large));
            await Eventually.That(
                async () => await Database.KeyTimeToLiveAsync("session:s-alice") > TimeSpan.FromMinutes(2) && await Database.KeyTimeToLiveAsync("status:bob") > TimeSpan.FromMinutes(2),
                "session and marker live on");
        }

        await Eventually.That(async () => await Database.KeyExistsAsync(["session:s-bob", "status:bob"]) == 0, "his session and his marker are gone");
        await other.StopAsync();
        await one.StopAsync();
        Assert.That(one.Log.Entries.Concat(other.Log.Entries).Where(entry => entry.Level >= LogLevel.Warning), Is.Empty);
        Assert.That(await RefusedAsync(), Is.SubsetOf(NotNeeded));
    }

    [Test]
    public async Task DocumentedRightsOfPush_AreEnough()
    {
        var rights = Right().Matches(Push().Match(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "push.md"))).Value).Select(right => right.Groups[1].Value);
        await using var gateway = await StartGatewayAsync(string.Join(' ', rights), new()
        {
            ["Gateway:EventSource:Channels"] = "z:notify:{user_id}",
            ["Gateway:EventSource:Stream"] = "z:events",
            ["Gateway:EventSource:ClaimAfter"] = "00:00:01",
        });
        await Eventually.That(() => gateway.Log.Named("EventSourceReady").Count == 2, "both sources are read");
        await using (var bob = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(gateway.Urls[1], "/ws"), "s-bob"))
        {
            await Eventually.That(async () => (await NodesFixture.HubOf(gateway).FindSocketsAsync("bob", CancellationToken.None)).Count == 1, "he is let in");
            var message = HubFixture.Removed("alice").ToByteArray();
            await Database.PublishAsync(RedisChannel.Literal("z:notify:bob"), message);
            Assert.That(await bob.ReceiveRawAsync(), Is.EqualTo(message));
            await Database.StreamAddAsync("z:events", "user", "nobody");
            await Database.StreamAddAsync("z:events", [new("user", "bob"), new("message", message)]);
            Assert.That(await bob.ReceiveRawAsync(), Is.EqualTo(message));
        }

        var keys = new RedisKeys(gateway.Services.GetRequiredService<IRedisSource>(), Options.Create(new PushOptions()), gateway.Services.GetRequiredService<IOptions<NotifyOptions>>(), TimeProvider.System);
        Assert.That(await keys.ClaimAsync("a"), Is.EqualTo(KeyState.New));
        await keys.SettleAsync("a", isPublished: true);
        Assert.That(await keys.ClaimAsync("a"), Is.EqualTo(KeyState.Published));
        await keys.SettleAsync("a", isPublished: false);
        await gateway.StopAsync();
        Assert.That(await Database.StreamLengthAsync("z:events"), Is.Zero);
        Assert.That(gateway.Log.Entries.Where(entry => entry.Level >= LogLevel.Warning).Select(entry => entry.EventId.Name), Is.EqualTo(new[] { "EventSourceUnusable" }));
        Assert.That(await RefusedAsync(), Is.SubsetOf(NotNeeded));
    }

    [Test]
    public void DocumentedTable_SaysTheSameAsTheCommand() =>
        Assert.That(
            Rows().Matches(Section).SelectMany(row => Right().Matches(row.Value)).Select(right => right.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal)).Distinct(),
            Is.EquivalentTo(Rights.Where(right => right[0] is '+' or '~' or '&')));

    [Test]
    public async Task SessionKeyLeftOut_IsSessionInvalid_AndNoOutage()
    {
        await using var gateway = await StartGatewayAsync("resetkeys ~session:s-a* ~status:* ~gateway:*");
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        for (var i = 0; i < 20; i++)
        {
            Assert.That(await CodeAsync(gateway, GetUserInfo, new GetUserInfoReq { RequestId = "r1", SessionId = $"made-up-{i}" }), Is.EqualTo("session-invalid"));
        }

        await using var socket = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(gateway.Urls[1], "/ws"), "made-up");
        Assert.That(await socket.ReceiveCloseAsync(), Is.EqualTo((4401, "session-invalid")));
        Assert.That(gateway.Log.Named("SessionLookupRefused").Single().Message, Does.Contain("use the key").And.Contain("GET 'session:*'"));
        Assert.That(gateway.Log.Named("SessionStoreDown"), Is.Empty);
    }

    /// <summary>The client sends PING when it likes, so it is made to.</summary>
    [Test]
    public async Task PingMissing_IsNamedInTheLog()
    {
        await Database.ExecuteAsync("ACL", ["SETUSER", "gateway-silent", .. Rights, "-ping"]);
        using var log = new RecordingLoggerProvider();
        var options = new RedisOptions { Configuration = $"{_redis.Configuration},user=gateway-silent,password=password" };
        await using var sut = new RedisConnection(Options.Create(options), TimeProvider.System, log.CreateLogger<RedisConnection>());
        var connection = await sut.GetAsync().DefaultTimeout();

        Assert.That(async () => await connection.GetDatabase().IdentifyEndpointAsync(), Throws.InstanceOf<RedisException>());
        await Eventually.That(() => log.Named("RedisPingForbidden").Count == 1, "the missing right is named");
        Assert.That(log.Named("RedisPingForbidden").Single().Message, Does.EndWith("give it the right '+ping'."));
    }

    [TestCase("-get", "session-store-down", "SessionStoreDown", "run 'get'")]
    [TestCase("-echo", "session-store-down", "SessionStoreDown", "run 'echo'")]
    [TestCase("resetkeys ~status:* ~gateway:*", "session-invalid", "SessionLookupRefused", "use the key")]
    [TestCase("-unlink", "", "MarkerNotCleared", "session of user 'alice' could not be removed (NOPERM: the Redis user may not run 'unlink')")]
    [TestCase("resetkeys ~session:* ~gateway:*", "", "MarkerNotCleared", "marker of user 'alice' could not be removed (NOPERM: the Redis user may not use the key)")]
    [TestCase("resetkeys ~session:* ~status:* ~gateway:notify:*", "", "SharedLimitDown", "use the key")]
    [TestCase("-hmget", "", "SharedLimitDown", "run a command of the script")]
    [TestCase("-pttl", "", "RenewalFailed", "run a command of the script")]
    [TestCase("-eval", "", "HubRefused", "run 'eval'")]
    [TestCase("resetkeys ~session:* ~status:* ~gateway:limit:*", "", "HubRefused", "use the key")]
    [TestCase("resetchannels", "", "HubRefused", "use the channel")]
    [TestCase("-subscribe", "", "HubRefused", "run 'subscribe'")]
    [TestCase("-xadd", "", "HubRefused", "run a command of the script")]
    [TestCase("-zadd", "", "HubRefused", "run a command of the script")]
    [TestCase("-smembers", "", "HubRefused", "run a command of the script")]
    [TestCase("-info", "", "HubRefused", "run a command of the script")]
    public async Task RightMissing_IsNamedInTheLog(string rules, string? code, string told, string text)
    {
        await using var gateway = await StartGatewayAsync(rules);
        NotifyClient? socket = null;
        await Eventually.That(
            async () =>
            {
                await CodeAsync(gateway);
                await CodeAsync(gateway, Login, new UserLoginReq { RequestId = "r1" });
                // To the socket of the turn before, which then leaves, and stays away for a turn: whoever is back at once has not departed.
                await NodesFixture.HubOf(gateway).PublishAsync(["alice"], HubFixture.Removed("bob"), CancellationToken.None);
                if (socket is null)
                {
                    await LogInAsync();
                    socket = await NotifyClient.JoinAsync(HubFixture.WebSocketUri(gateway.Urls[1], "/ws"), "s-alice");
                }
                else
                {
                    await socket.DisposeAsync();
                    socket = null;
                }

                return gateway.Log.Named(told).Any(entry => entry.Message.Contains(text, StringComparison.Ordinal));
            },
            "the missing right is named");
        // Her session may have ended with the departure that could not be tidied.
        await LogInAsync();
        Assert.That(gateway.Log.Named(told).Select(entry => entry.Level), Is.All.EqualTo(LogLevel.Warning));
        if (code is not null)
        {
            // The socket is still open, so nobody ends its user's session meanwhile.
            Assert.That(await CodeAsync(gateway), Is.EqualTo(code));
        }

        await (socket?.DisposeAsync() ?? default);
    }

    private async Task LogInAsync()
    {
        foreach (var user in new[] { "alice", "bob" })
        {
            await Database.StringSetAsync($"session:s-{user}", user);
            await Database.StringSetAsync($"status:{user}", "");
        }
    }

    /// <param name="rules">What is changed in the user's rights.</param>
    /// <param name="further">Settings beside those of all tests.</param>
    private async Task<GatewayFixture> StartGatewayAsync(string rules = "", Dictionary<string, string?>? further = null)
    {
        var user = $"gateway-{_gateways++}";
        await Database.ExecuteAsync("ACL", ["SETUSER", user, .. Rights, .. rules.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        return await GatewayFixture.StartAsync(
            _service.Address,
            new(further ?? [])
            {
                ["Gateway:Redis:Configuration"] = $"{_redis.Configuration},user={user},password=password",
                ["Gateway:Sessions:Store"] = "Redis",
                ["Gateway:Sessions:KeyPattern"] = "session:{session_id}",
                ["Gateway:Sessions:MarkerKeyPattern"] = "status:{user_id}",
                // For a busy machine; what is refused is refused at once.
                ["Gateway:Sessions:LookupTimeout"] = "00:00:02",
                ["Gateway:Notify:RedisTimeout"] = "00:00:02",
                ["Gateway:Notify:RebalanceRate"] = "1",
                ["Gateway:RateLimits:login:Permit"] = "100000",
                ["Gateway:RateLimits:login:Shared"] = "true",
                ["Gateway:Sessions:Renew:SessionTtl"] = "01:00:00",
                ["Gateway:Sessions:Renew:MarkerTtl"] = "00:10:00",
                ["Gateway:Sessions:Renew:Interval"] = "00:00:01",
                ["Gateway:Notify:OnLastDisconnect"] = "Logout",
                ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00",
            },
            builder => builder.Services.RemoveAll<IEventPublisher>());
    }

    /// <summary>What Redis has refused anybody, by command, key or channel.</summary>
    private async Task<string[]> RefusedAsync()
    {
        var entries = (RedisResult[])(await Database.ExecuteAsync("ACL", "LOG", 1000))!;
        return [.. entries.Select(entry => ((string[])entry!)[7]).Distinct()];
    }

    private static Task<string> CodeAsync(GatewayFixture gateway) => CodeAsync(gateway, GetUserInfo, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" });

    private static async Task<string> CodeAsync(GatewayFixture gateway, string path, IMessage message)
    {
        using var response = await gateway.PostAsync(path, message.ToByteArray()).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }

    [GeneratedRegex("^#### Rights in Redis\n.*?(?=^###)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Sections();

    [GeneratedRegex("^The gateway's Redis user needs.*?\n\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Push();

    [GeneratedRegex("ACL SETUSER gateway (.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Command();

    [GeneratedRegex(@"[^\s'\\]+")]
    private static partial Regex Words();

    [GeneratedRegex(@"^\|.*$", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex("`([+~&][^` ]+)`")]
    private static partial Regex Right();
}
