using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

/// <summary>Remembering sessions with a real Redis, which changes them, dies, freezes and refuses.</summary>
[Servers]
public sealed partial class TrackedSessionStoreTests : SessionStoreContract
{
    private const string Session = TrackedSut.Session;
    private const string Key = "session:" + Session;

    private static readonly SessionLookup Alice = SessionLookup.Of("alice");

    private RedisProcess _redis;
    private ConnectionMultiplexer _users;
    private TrackedSut _sut;

    protected override ISessionStore Store => _sut.Store;

    private IDatabase Users => _users.GetDatabase();

    [OneTimeSetUp]
    public async Task StartRedis()
    {
        _redis = await RedisProcess.CreateAsync();
        _users = await _redis.ConnectAsync();
    }

    [OneTimeTearDown]
    public async Task StopRedis()
    {
        await _users.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [SetUp]
    public async Task SetUp()
    {
        _sut = await TrackedSut.StartAsync(_redis.Configuration, new FakeTimeProvider());
        await _sut.UntilProvenAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _sut.DisposeAsync();
        await Users.ExecuteAsync("FLUSHALL");
    }

    [Test]
    public async Task FindUser_AskedAgain_DoesNotAskRedis()
    {
        await RememberAliceAsync();
        var before = await GetsAsync();

        for (var i = 0; i < 1000; i++)
        {
            Assert.That(await _sut.AskAsync(), Is.EqualTo(Alice));
        }

        Assert.That(await GetsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task FindUser_Remembered_TakesNoMemory()
    {
        await RememberAliceAsync();
        var allDone = true;
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            allDone &= IsDone(_sut.Store.FindUserAsync(Session, CancellationToken.None));
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(allDone, Is.True, "Without waiting");

        static bool IsDone(ValueTask<SessionLookup> lookup) => lookup.IsCompletedSuccessfully;
    }

    [TestCase("DEL", Key)]
    [TestCase("UNLINK", Key)]
    [TestCase("PEXPIRE", Key, "1")]
    [TestCase("RENAME", Key, "elsewhere")]
    [TestCase("FLUSHDB")]
    [TestCase("FLUSHALL", "ASYNC")]
    public async Task FindUser_SessionEnded_IsOutAtOnce(string command, params string[] arguments)
    {
        await RememberAliceAsync();

        await Users.ExecuteAsync(command, (object[])[.. arguments]);

        await _sut.UntilAnsweredAsync(SessionLookup.NotFound);
        Assert.That(_sut.Remembered.TryFind(Session, out _), Is.False);
        Assert.That(_sut.Logs.Named("SessionTrackingLost"), Is.Empty, "Redis has told");
    }

    [Test]
    public async Task FindUser_KeyOfAnotherTypeNow_IsNobody()
    {
        await RememberAliceAsync();

        var change = Users.CreateTransaction();
        _ = change.KeyDeleteAsync(Key);
        _ = change.HashSetAsync(Key, "user", "alice");
        await change.ExecuteAsync();

        await _sut.UntilAnsweredAsync(SessionLookup.NotFound);
    }

    [Test]
    public async Task FindUser_SessionExpires_IsOutThoughRedisHasNotRemovedIt()
    {
        await using var redis = await RedisProcess.CreateAsync("--enable-debug-command", "local");
        await using var users = await redis.ConnectAsync();
        // Redis tells when it removes a key, which may be long after it has expired.
        await users.GetDatabase().ExecuteAsync("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        await users.GetDatabase().StringSetAsync(Key, "alice", TimeSpan.FromSeconds(2));
        await using var sut = await TrackedSut.StartAsync(redis.Configuration);
        await sut.UntilRememberedAsync();

        await Eventually.That(() => sut.Remembered.IsProven && !sut.Remembered.TryFind(Session, out _));

        Assert.That($"{await users.GetDatabase().ExecuteAsync("DBSIZE")}", Is.EqualTo("1"), "It is still there");
        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
    }

    [Test]
    public async Task FindUser_NobodysSessions_TakeNoRoomAnywhere()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.That(await _sut.AskAsync($"nobody-{i}"), Is.EqualTo(SessionLookup.NotFound).Or.EqualTo(SessionLookup.StoreDown));
        }

        await RememberAliceAsync();

        Assert.That(_sut.Remembered.Count, Is.EqualTo(1));
        Assert.That(Number(await InfoAsync("stats"), "tracking_total_keys"), Is.LessThanOrEqualTo(2), "The session, and the key that was tried at first");
    }

    [Test]
    public async Task FindUser_MoreSessionsThanEntries_StaysWithinThem()
    {
        for (var i = 0; i < 1200; i++)
        {
            await Users.StringSetAsync($"session:s{i}", $"u{i}");
        }

        for (var i = 0; i < 1200; i++)
        {
            Assert.That((await _sut.AskAsync($"s{i}")).UserId, Is.EqualTo($"u{i}").Or.Null);
        }

        await Eventually.That(() => _sut.Remembered.Count == 1000);
    }

    [Test]
    public async Task FindUser_ValueTooLongForAUserId_IsNotRemembered()
    {
        await Users.StringSetAsync(Key, new string('x', 1025));
        await _sut.UntilAnsweredAsync(SessionLookup.Of(new string('x', 1025)));
        await Users.StringSetAsync("session:s2", "bob");
        await _sut.UntilRememberedAsync("s2");

        Assert.That(_sut.Remembered.TryFind(Session, out _), Is.False);
    }

    [Test]
    public async Task FindUser_ChangedBeforeTheReadingHasArrived_IsNotRemembered()
    {
        await using var relay = new TcpRelay(_redis.Port);
        var calls = new InMemorySessionStore();
        calls.Set(Session, "alice");
        calls.Set("s2", "bob");
        await Users.StringSetAsync(Key, "alice");
        await Users.StringSetAsync("session:s2", "bob");
        await using var sut = await TrackedSut.StartAsync($"127.0.0.1:{relay.Port}", new FakeTimeProvider(), calls);
        await sut.UntilProvenAsync();
        var before = await ReadingsAsync();

        relay.HoldAnswers();
        await sut.AskAsync();
        await Eventually.That(async () => await ReadingsAsync() > before, "it has been read, but the answer is held");
        await Users.KeyDeleteAsync(Key);
        await sut.AskAsync("s2");
        await Eventually.That(async () => await ReadingsAsync() > before + 1, "something else has been read after it");
        relay.Restore();

        await Eventually.That(() => sut.Remembered.TryFind("s2", out _), "all that was held has arrived");
        Assert.That(sut.Remembered.TryFind(Session, out _), Is.False);

        async Task<long> ReadingsAsync() => Number(await InfoAsync("commandstats"), "cmdstat_pttl:calls");
    }

    [Test]
    public async Task FindUser_RedisFrozen_NobodyIsLetInOnAProofThatIsTooOld()
    {
        var time = new FakeTimeProvider();
        await using var redis = await RedisProcess.CreateAsync();
        await using var users = await redis.ConnectAsync();
        await users.GetDatabase().StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync(redis.Configuration, time);
        await sut.UntilRememberedAsync();

        await redis.PauseAsync();
        Assert.That(await sut.AskAsync(), Is.EqualTo(Alice), "The proof is fresh");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));

        await Eventually.That(() => sut.Logs.Named("SessionTrackingLost").Count == 1);
        Assert.That(sut.Remembered.Count, Is.Zero, "All are forgotten");
        Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));

        redis.Resume();
        await sut.UntilAnsweredAsync(Alice);
        await Eventually.That(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return sut.Logs.Named("SessionTracking").Count == 2;
        }, "tracking works again");
    }

    [Test]
    public async Task FindUser_RedisDiesAndComesBack_IsStoreDownMeanwhileAndRemembersAgain()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using (var users = await redis.ConnectAsync())
        {
            await users.GetDatabase().StringSetAsync(Key, "alice");
        }

        await using var sut = await TrackedSut.StartAsync(redis.Configuration);
        await sut.UntilRememberedAsync();

        await redis.KillAsync();
        await sut.UntilAnsweredAsync(SessionLookup.StoreDown);
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));
        }

        await redis.StartAsync();
        await sut.UntilRememberedAsync();
        Assert.That(await sut.AskAsync(), Is.EqualTo(Alice));
    }

    [TestCase("gateway-sessions")]
    [TestCase("gateway")]
    public async Task FindUser_ConnectionKilledAndSessionEndedAtTheSameTime_IsOutAndRemembersAgain(string name)
    {
        await Users.StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync(_redis.Configuration);
        await sut.UntilRememberedAsync();
        var connections = await ConnectionsAsync(name);
        Assert.That(connections, Is.Not.Empty);

        // In one transaction, so that Redis tells nobody of the change.
        var change = Users.CreateTransaction();
        _ = connections.Select(id => change.ExecuteAsync("CLIENT", "KILL", "ID", id)).ToList();
        _ = change.KeyDeleteAsync(Key);
        await change.ExecuteAsync();

        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
        await Users.StringSetAsync(Key, "bob");
        await sut.UntilRememberedAsync();
        await sut.UntilAnsweredAsync(SessionLookup.Of("bob"));
        await Users.KeyDeleteAsync(Key);
        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
    }

    [Test]
    public async Task FindUser_PrimaryLostAndReplicaPromoted_IsTrackedThere()
    {
        await using var first = await RedisProcess.CreateAsync();
        await using var second = await RedisProcess.CreateAsync();
        await using (var users = await first.ConnectAsync())
        {
            await users.GetDatabase().StringSetAsync(Key, "alice");
        }

        await using var replica = await second.ConnectAsync();
        var server = replica.GetServers()[0];
        await server.ExecuteAsync("REPLICAOF", "127.0.0.1", $"{first.Port}");
        await Eventually.That(async () => $"{await server.ExecuteAsync("INFO", "replication")}".Contains("master_link_status:up"));
        await using var sut = await TrackedSut.StartAsync($"{first.Configuration},{second.Configuration}");
        await sut.UntilRememberedAsync();

        await first.KillAsync();
        await server.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await server.ExecuteAsync("SET", Key, "bob");
        await sut.UntilAnsweredAsync(SessionLookup.Of("bob"));
        await sut.UntilRememberedAsync();
        Assert.That(sut.Logs.Named("SessionTracking")[^1].Message, Does.Contain($":{second.Port} "));

        await server.ExecuteAsync("DEL", Key);
        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
    }

    [Test]
    public async Task FindUser_PrimaryDemoted_IsForgotten()
    {
        await using var first = await RedisProcess.CreateAsync();
        await using var second = await RedisProcess.CreateAsync();
        await using var users = await first.ConnectAsync();
        await users.GetDatabase().StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync(first.Configuration);
        await sut.UntilRememberedAsync();

        await users.GetServers()[0].ExecuteAsync("REPLICAOF", "127.0.0.1", $"{second.Port}");

        await Eventually.That(() => !sut.Remembered.IsProven && sut.Remembered.Count == 0);
        Assert.That(sut.Logs.Named("SessionTrackingLost"), Is.Not.Empty);
    }

    [Test]
    public async Task FindUser_RedisWithoutTheProtocol_GoesOnWithoutRemembering()
    {
        // As versions before 6 do.
        await using var redis = await RedisProcess.CreateAsync("--rename-command", "HELLO", "");
        await using var users = await redis.ConnectAsync();

        await AssertRefusedAsync(users, redis.Configuration, "HELLO: ERR");
    }

    [TestCase("-client", "CLIENT TRACKING: NOPERM")]
    [TestCase("-pttl", "PTTL: NOPERM")]
    public async Task FindUser_UserWithoutTheRight_GoesOnWithoutRemembering(string rule, string reason)
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var users = await redis.ConnectAsync();
        await users.GetDatabase().ExecuteAsync("ACL", "SETUSER", "gw", "on", ">secret", "~*", "&*", "+@all", rule);

        await AssertRefusedAsync(users, $"{redis.Configuration},user=gw,password=secret", reason);
    }

    [Test]
    public async Task FindUser_UserMayReadOnlySomeKeys_TheseAreRemembered()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var users = await redis.ConnectAsync();
        await users.GetDatabase().ExecuteAsync("ACL", "SETUSER", "gw", "on", ">secret", "~session:secret-*", "&*", "+@all");
        await users.GetDatabase().StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync($"{redis.Configuration},user=gw,password=secret");

        await sut.UntilRememberedAsync();

        Assert.That(await sut.AskAsync("another"), Is.EqualTo(SessionLookup.NotFound));
        Assert.That(sut.Remembered.IsProven, Is.True);
    }

    [Test]
    public async Task FindUser_Cluster_GoesOnWithoutRemembering()
    {
        await using var redis = await RedisProcess.CreateClusterAsync();
        await using var users = await redis.ConnectAsync();

        await AssertRefusedAsync(users, redis.Configuration, "it is a cluster");
    }

    [Test]
    public async Task FindUser_LoginWithUserAndDatabase_IsRemembered()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var users = await redis.ConnectAsync();
        await users.GetDatabase().ExecuteAsync(
            "ACL", "SETUSER", "gw", "on", ">secret", "~session:*", "+get", "+pttl", "+select", "+client|tracking", "+client|setname", "+ping", "+info", "+echo", "+client|id");
        await users.GetDatabase(0).StringSetAsync(Key, "wrong");
        await users.GetDatabase(3).StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync($"{redis.Configuration},user=gw,password=secret,defaultDatabase=3");

        await sut.UntilRememberedAsync();

        Assert.That(await sut.AskAsync(), Is.EqualTo(Alice));
        await users.GetDatabase(3).KeyDeleteAsync(Key);
        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
    }

    [Test]
    public async Task Authenticator_OfTheHub_AsksTheStoreItself()
    {
        await RememberAliceAsync();
        var hub = new SessionAuthenticator(new SessionIdForm(Options.Create(new SessionIdOptions())), _sut.Store);
        var before = await GetsAsync();

        await hub.FindUserAsync(Session, CancellationToken.None);

        Assert.That(await GetsAsync(), Is.GreaterThan(before));
    }

    protected override Task SetAsync(string sessionId, string userId) => Users.StringSetAsync($"session:{sessionId}", userId);

    protected override Task RemoveAsync(string sessionId) => Users.KeyDeleteAsync($"session:{sessionId}");

    private async Task AssertRefusedAsync(ConnectionMultiplexer users, string configuration, string reason)
    {
        await users.GetDatabase().StringSetAsync(Key, "alice");
        await using var sut = await TrackedSut.StartAsync(configuration);

        await Eventually.That(() => sut.Logs.Named("SessionTrackingRefused").Count == 1, "it is told");
        Assert.That(sut.Logs.Named("SessionTrackingRefused").Single().Message, Does.Contain($"({reason})"));
        await sut.UntilAnsweredAsync(Alice);
        await users.GetDatabase().KeyDeleteAsync(Key);
        await sut.UntilAnsweredAsync(SessionLookup.NotFound);
        Assert.That(sut.Remembered.Count, Is.Zero);
    }

    private async Task RememberAliceAsync()
    {
        await Users.StringSetAsync(Key, "alice");
        await _sut.UntilRememberedAsync();
        Assert.That(await _sut.AskAsync(), Is.EqualTo(Alice));
    }

    private async Task<long> GetsAsync() => Number(await InfoAsync("commandstats"), "cmdstat_get:calls");

    private async Task<string> InfoAsync(string section) => $"{await Users.ExecuteAsync("INFO", section)}";

    private static long Number(string info, string name) =>
        Regex.Match(info, $"^{name}[:=]([0-9]+)", RegexOptions.Multiline) is { Success: true } found
            ? long.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;

    /// <summary>The ids of connections by the name that was given to them.</summary>
    private async Task<string[]> ConnectionsAsync(string name) =>
        [.. Client().Matches($"{await Users.ExecuteAsync("CLIENT", "LIST")}").Where(client => client.Groups[2].Value == name).Select(client => client.Groups[1].Value)];

    [GeneratedRegex(@"^id=(\d+) .*? name=(\S*) ", RegexOptions.Multiline)]
    private static partial Regex Client();
}
