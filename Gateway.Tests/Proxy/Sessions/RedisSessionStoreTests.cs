using System.Diagnostics;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using StackExchange.Redis;

namespace Gateway.Tests.Proxy.Sessions;

/// <summary>The store against a real Redis, with outages.</summary>
[Servers]
public sealed class RedisSessionStoreTests
{
    private const string Session = "secret-session-id";

    private RedisProcess _redis;
    private ConnectionMultiplexer _users;
    private RecordingLoggerProvider _logs;

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
    public void SetUp() => _logs = new RecordingLoggerProvider();

    [TearDown]
    public async Task TearDown()
    {
        _logs.AssertNoErrors();
        Assert.That(
            _logs.Entries.Where(entry => entry.ToString().Contains(Session, StringComparison.Ordinal)), Is.Empty, "A session id was logged");
        _logs.Dispose();
        await _users.GetDatabase().ExecuteAsync("FLUSHALL");
    }

    [Test]
    public async Task FindUser_SessionExists_GivesItsUser()
    {
        await _users.GetDatabase().StringSetAsync(Session, "u1");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);

        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.Of("u1")));
    }

    [Test]
    public async Task FindUser_UserIdInAnyScript_IsKept()
    {
        await _users.GetDatabase().StringSetAsync(Session, "用户-1");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);

        Assert.That((await sut.AskUntilAnsweredAsync()).UserId, Is.EqualTo("用户-1"));
    }

    [Test]
    public async Task FindUser_NoSuchSession_IsNotFound()
    {
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);

        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_EmptyValue_IsNobody()
    {
        await _users.GetDatabase().StringSetAsync(Session, "");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);

        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_KeyOfAnotherType_IsNobody()
    {
        await _users.GetDatabase().HashSetAsync(Session, "user", "u1");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);

        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_KeyPattern_IsUsed()
    {
        await _users.GetDatabase().StringSetAsync(Session, "wrong");
        await _users.GetDatabase().StringSetAsync($"login:{Session}:v1", "u1");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs, options => options.KeyPattern = "login:{session_id}:v1");

        Assert.That((await sut.AskUntilAnsweredAsync()).UserId, Is.EqualTo("u1"));
    }

    [Test]
    public async Task FindUser_ClientHasGone_IsCancelled()
    {
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs, options => options.LookupTimeout = TimeSpan.FromSeconds(5));
        await sut.AskUntilAnsweredAsync();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        Assert.That(async () => await sut.Store.FindUserAsync(Session, gone.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_logs.Named("SessionStoreDown"), Is.Empty);
    }

    [Test]
    public async Task FindUser_RedisFrozen_IsStoreDownWithinTheDeadline()
    {
        await _users.GetDatabase().StringSetAsync(Session, "u1");
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs);
        await sut.AskUntilAnsweredAsync();

        await _redis.PauseAsync();
        try
        {
            var watch = Stopwatch.StartNew();
            Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)), "Far below the library's own patience");
        }
        finally
        {
            _redis.Resume();
        }

        Assert.That((await sut.AskUntilAnsweredAsync()).UserId, Is.EqualTo("u1"));
    }

    [Test]
    public async Task FindUser_RedisFrozenAndClientGone_IsCancelledAndNoOutage()
    {
        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs, options => options.LookupTimeout = TimeSpan.FromSeconds(5));
        await sut.AskUntilAnsweredAsync();

        await _redis.PauseAsync();
        try
        {
            using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.That(async () => await sut.Store.FindUserAsync(Session, gone.Token), Throws.InstanceOf<OperationCanceledException>());
        }
        finally
        {
            _redis.Resume();
        }

        Assert.That(_logs.Named("SessionStoreDown"), Is.Empty);
    }

    [Test]
    public async Task FindUser_RedisDiesAndComesBack_IsStoreDownMeanwhile()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using (var users = await redis.ConnectAsync())
        {
            await users.GetDatabase().StringSetAsync(Session, "u1");
        }

        await using var sut = new RedisStoreSut(Session, redis.Configuration, _logs);
        Assert.That((await sut.AskUntilAnsweredAsync()).UserId, Is.EqualTo("u1"));

        await redis.KillAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));
        }

        Assert.That(_logs.Named("SessionStoreDown"), Has.Count.InRange(1, 10), "Not a line per look-up");
        Assert.That(sut.Connection.IsConnected, Is.False);

        await redis.StartAsync();
        Assert.That((await sut.AskUntilAnsweredAsync()).UserId, Is.EqualTo("u1"));
        Assert.That(sut.Connection.IsConnected, Is.True);
    }

    [Test]
    public async Task FindUser_RedisIsAwayAtStart_IsStoreDownUntilItComes()
    {
        await using var redis = new RedisProcess();
        await using var sut = new RedisStoreSut(Session, redis.Configuration, _logs);
        sut.Store.Connect();
        Assert.That(await sut.AskAsync(), Is.EqualTo(SessionLookup.StoreDown));
        Assert.That(sut.Connection.IsConnected, Is.False);

        await redis.StartAsync();

        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_ManyAtOnce_EachGetsItsOwnUser()
    {
        for (var i = 0; i < 200; i++)
        {
            await _users.GetDatabase().StringSetAsync($"s{i}", $"u{i}");
        }

        await using var sut = new RedisStoreSut(Session, _redis.Configuration, _logs, options => options.LookupTimeout = TimeSpan.FromSeconds(5));
        await sut.AskUntilAnsweredAsync();

        var found = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => sut.Store.FindUserAsync($"s{i}", CancellationToken.None).AsTask()));

        Assert.That(found.Select(lookup => lookup.UserId), Is.EqualTo(Enumerable.Range(0, 200).Select(i => $"u{i}")));
    }
}
