using System.Text.RegularExpressions;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Proxy.Sessions;

/// <summary>Many look-ups at a time, by a real Redis whose answers can be kept back.</summary>
[Servers]
internal sealed class SessionBatchesTests
{
    private const int Primaries = 3;

    // The client's own patience is to end no test.
    private const string Patient = "asyncTimeout=20000,syncTimeout=20000";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private RedisProcess _redis;
    private ConnectionMultiplexer _users;
    private TcpRelay _relay;
    private RecordingLoggerProvider _logs;

    private IDatabase Database => _users.GetDatabase();

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
        _relay = new TcpRelay(_redis.Port);
        _logs = new RecordingLoggerProvider();
        await Database.ExecuteAsync("FLUSHALL");
    }

    [TearDown]
    public async Task TearDown()
    {
        await _relay.DisposeAsync();
        _logs.AssertNoErrors();
        _logs.AssertNoSessionIds();
        _logs.Dispose();
    }

    [Test]
    public async Task OneAfterTheOther_EachIsSentByItself()
    {
        await LogInAsync(10);
        await using var sut = await StartAsync();

        for (var i = 0; i < 10; i++)
        {
            Assert.That(await sut.AskAsync($"s-{i}"), Is.EqualTo(SessionLookup.Of($"u{i}")));
        }

        Assert.That(await CommandsAsync(), Is.EqualTo((10, 0)));
    }

    [Test]
    public async Task WhileTwoAreUnderWay_OthersGoOutTogether()
    {
        await LogInAsync(20);
        await using var sut = await StartAsync();
        _relay.HoldAnswers();
        // Number 5 twice, and some that nobody knows.
        int[] numbers = [.. Enumerable.Range(0, 30), 5];

        var lookups = numbers.Select(i => sut.AskAsync($"s-{i}")).ToList();
        _relay.Restore();

        Assert.That(await Task.WhenAll(lookups), Is.EqualTo(numbers.Select(i => i < 20 ? SessionLookup.Of($"u{i}") : SessionLookup.NotFound)));
        Assert.That(await CommandsAsync(), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task EnoughForOneCommand_WaitForNone()
    {
        await LogInAsync(200);
        await using var sut = await StartAsync();
        _relay.HoldAnswers();

        var lookups = Enumerable.Range(0, 200).Select(i => sut.AskAsync($"s-{i}")).ToList();
        const int Full = (200 - SessionBatches.UsuallyUnderWay) / SessionBatches.MostKeys;
        await Eventually.That(async () => await CommandsAsync() == (SessionBatches.UsuallyUnderWay, Full), "full ones are sent before anything is answered");
        _relay.Restore();

        Assert.That((await Task.WhenAll(lookups)).Select(lookup => lookup.UserId), Is.EqualTo(Enumerable.Range(0, 200).Select(i => $"u{i}")));
        Assert.That(await CommandsAsync(), Is.EqualTo((SessionBatches.UsuallyUnderWay, Full + 1)));
    }

    /// <summary>A session that is opened, or ended, while the command is under way that would have shared it.</summary>
    [Test]
    public async Task AskedAfterACommandWasSent_IsNotAnsweredByIt()
    {
        await LogInAsync(2);
        await using var sut = await StartAsync();
        _relay.HoldAnswers();
        Task<SessionLookup>[] before = [sut.AskAsync("s-0"), sut.AskAsync("s-1")];
        await Eventually.That(async () => await CommandsAsync() == (2, 0), "Redis has answered both");

        await Database.KeyDeleteAsync("s-0");
        await Database.StringSetAsync("s-1", "somebody else");
        Task<SessionLookup>[] after = [sut.AskAsync("s-0"), sut.AskAsync("s-1")];
        _relay.Restore();

        Assert.That(await Task.WhenAll(before), Is.EqualTo(new[] { SessionLookup.Of("u0"), SessionLookup.Of("u1") }));
        Assert.That(await Task.WhenAll(after), Is.EqualTo(new[] { SessionLookup.NotFound, SessionLookup.Of("somebody else") }));
    }

    [Test]
    public async Task ThousandsAtOnce_EachGetsItsOwnUser()
    {
        const int Sessions = 5000;
        await LogInAsync(Sessions);
        for (var i = 0; i < Sessions; i += 10)
        {
            await Database.KeyDeleteAsync($"s-{i}");
            await Database.ListLeftPushAsync($"s-{i + 1}-list", "u");
        }

        await using var sut = await StartAsync();
        string[] sessions = [.. Enumerable.Range(0, Sessions).SelectMany(i => new[] { $"s-{i}", $"s-{i}-list" })];

        var found = new SessionLookup[sessions.Length];
        await Parallel.ForAsync(0, sessions.Length, new ParallelOptions { MaxDegreeOfParallelism = 1000 }, async (i, cancel) => found[i] = await sut.AskAsync(sessions[i], cancel));

        for (var i = 0; i < Sessions; i++)
        {
            Assert.That(found[2 * i], Is.EqualTo(i % 10 == 0 ? SessionLookup.NotFound : SessionLookup.Of($"u{i}")));
            Assert.That(found[(2 * i) + 1], Is.EqualTo(SessionLookup.NotFound));
        }

        var (gets, batches) = await CommandsAsync();
        Assert.That(batches, Is.GreaterThan(0));
        Assert.That(gets + batches, Is.LessThan(sessions.Length / 2));
        Assert.That(_logs.Named("SessionStoreDown"), Is.Empty);
    }

    [Test]
    public async Task CallerGone_OthersOfTheBatchAreAnswered()
    {
        await LogInAsync(10);
        await using var sut = await StartAsync();
        using var gone = new CancellationTokenSource();
        _relay.HoldAnswers();
        var underWay = Enumerable.Range(0, 2).Select(i => sut.AskAsync($"s-{i}")).ToList();
        var leaving = Enumerable.Range(2, 4).Select(i => sut.AskAsync($"s-{i}", gone.Token)).ToList();
        var staying = Enumerable.Range(6, 4).Select(i => sut.AskAsync($"s-{i}")).ToList();

        await gone.CancelAsync();
        foreach (var lookup in leaving)
        {
            Assert.That(async () => await lookup, Throws.InstanceOf<OperationCanceledException>());
        }

        _relay.Restore();
        Assert.That((await Task.WhenAll(underWay.Concat(staying))).Select(lookup => lookup.UserId), Is.EqualTo(new[] { "u0", "u1", "u6", "u7", "u8", "u9" }));
        Assert.That(_logs.Named("SessionStoreDown"), Is.Empty);
    }

    [Test]
    public async Task EachCaller_HasADeadlineOfItsOwn_AndCommandsThatAreLateKeepNobodyWaiting()
    {
        await LogInAsync(6);
        var time = new FakeTimeProvider();
        await using var sut = await StartAsync(time);
        _relay.HoldAnswers();
        var first = Enumerable.Range(0, 4).Select(i => sut.AskAsync($"s-{i}")).ToList();
        time.Advance(Long / 2);
        var later = Enumerable.Range(4, 2).Select(i => sut.AskAsync($"s-{i}")).ToList();

        time.Advance(Long / 2);
        Assert.That(await Task.WhenAll(first), Is.All.EqualTo(SessionLookup.StoreDown));
        await Eventually.That(async () => await CommandsAsync() == (2, 1), "the others are sent, though nothing is answered");
        Assert.That(later.Select(lookup => lookup.IsCompleted), Is.All.False);

        _relay.Restore();
        Assert.That((await Task.WhenAll(later)).Select(lookup => lookup.UserId), Is.EqualTo(new[] { "u4", "u5" }));
    }

    [Test]
    public async Task ForbiddenKey_FailsAlone()
    {
        await LogInAsync(20);
        await using var sut = await StartAsync("~s-1*", "+get", "+mget");
        for (var turn = 1; turn <= 2; turn++)
        {
            _relay.HoldAnswers();
            var lookups = Enumerable.Range(0, 20).Select(i => sut.AskAsync($"s-{i}")).ToList();
            _relay.Restore();

            Assert.That(
                await Task.WhenAll(lookups),
                Is.EqualTo(Enumerable.Range(0, 20).Select(i => i is 1 or >= 10 ? SessionLookup.Of($"u{i}") : SessionLookup.NotFound)));
            // Refused as well, and the next ones go out together all the same.
            Assert.That(await CommandsAsync("rejected_calls"), Is.EqualTo((turn * 9, turn)));
        }

        Assert.That(_logs.Named("SessionLookupRefused"), Has.Count.EqualTo(1));
        Assert.That(_logs.Named("SessionStoreDown").Concat(_logs.Named("SessionLookupsOneByOne")), Is.Empty);
    }

    [Test]
    public async Task MgetForbidden_AsksOneByOneFromThenOn()
    {
        await LogInAsync(20);
        await using var sut = await StartAsync("~*", "+get");
        for (var turn = 0; turn < 3; turn++)
        {
            _relay.HoldAnswers();
            var lookups = Enumerable.Range(0, 20).Select(i => sut.AskAsync($"s-{i}")).ToList();
            _relay.Restore();

            Assert.That((await Task.WhenAll(lookups)).Select(lookup => lookup.UserId), Is.EqualTo(Enumerable.Range(0, 20).Select(i => $"u{i}")));
        }

        Assert.That(await CommandsAsync("rejected_calls"), Is.EqualTo((0, 1)));
        Assert.That(await CommandsAsync(), Is.EqualTo((60, 0)));
        var told = _logs.Named("SessionLookupsOneByOne").Single();
        Assert.That(told.Level, Is.EqualTo(LogLevel.Warning));
        Assert.That(told.Message, Is.EqualTo(
            "The gateway's Redis user may not run MGET, so under load each session is asked for by a command of its own; give it the right '+mget', and restart the gateway."));
        Assert.That(_logs.Named("SessionStoreDown"), Is.Empty);
    }

    [Test]
    public async Task RedisKilledUnderABatch_IsStoreDownForAll_AndRecovers()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using (var users = await redis.ConnectAsync())
        {
            await users.GetDatabase().StringSetAsync("s-0", "u0");
        }

        await using var sut = new RedisStoreSut("s-0", $"{redis.Configuration},{Patient}", _logs, options => options.LookupTimeout = TimeSpan.FromSeconds(5));
        await sut.AskUntilAnsweredAsync();
        await redis.PauseAsync();
        var lookups = Enumerable.Range(0, 500).Select(i => sut.AskAsync($"s-{i}")).ToList();

        await redis.KillAsync();
        Assert.That(await Task.WhenAll(lookups), Is.All.EqualTo(SessionLookup.StoreDown));

        await redis.StartAsync();
        Assert.That(await sut.AskUntilAnsweredAsync(), Is.EqualTo(SessionLookup.Of("u0")));
        Assert.That((await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => sut.AskAsync()))).Select(lookup => lookup.UserId), Is.All.EqualTo("u0"));
    }

    [Test]
    public async Task Cluster_OnePrimaryLost_OthersGoOnAndItsReplicaTakesOver()
    {
        var primaries = await RedisProcess.CreateClusterAsync(Primaries);
        await using var first = primaries[0];
        await using var second = primaries[1];
        await using var third = primaries[2];
        await using var replica = await first.CreateReplicaAsync();
        await using var users = await second.ConnectAsync();
        string[] sessions = [.. Enumerable.Range(0, 300).Select(i => $"s-{i}")];
        await Task.WhenAll(sessions.Select(session => users.GetDatabase().StringSetAsync(session, $"user of {session}")));
        bool IsLost(string session) => RedisProcess.ShardOf(users.HashSlot(session), Primaries) == 0;
        await using var sut = new RedisStoreSut(
            "s-0", string.Join(',', primaries.Select(primary => primary.Configuration)) + $",{Patient}", _logs, options => options.LookupTimeout = TimeSpan.FromSeconds(5));
        await sut.AskUntilAnsweredAsync();

        await AllAreFoundAsync(sessions);
        await first.KillAsync();
        foreach (var primary in new[] { second, third })
        {
            // Until the replica has been elected a cluster serves nobody, unless told otherwise.
            await using var connection = await primary.ConnectAsync();
            await connection.GetServer("127.0.0.1", primary.Port).ConfigSetAsync("cluster-require-full-coverage", "no");
        }

        await AllAreFoundAsync([.. sessions.Where(session => !IsLost(session))]);
        await using (var connection = await replica.ConnectAsync())
        {
            await connection.GetServer("127.0.0.1", replica.Port).ExecuteAsync("CLUSTER", "FAILOVER", "TAKEOVER");
        }

        await Eventually.That(async () => (await sut.AskAsync(sessions.First(IsLost))).StoreAnswered, "the replica serves");
        await AllAreFoundAsync(sessions);
        Assert.That(_logs.Named("SessionLookupsOneByOne"), Is.Empty);

        async Task AllAreFoundAsync(string[] those) =>
            Assert.That((await Task.WhenAll(those.Select(session => sut.AskAsync(session)))).Select(lookup => lookup.UserId), Is.EqualTo(those.Select(session => $"user of {session}")));
    }

    /// <param name="rights">Those of the store's user, if it is to have one of its own.</param>
    private Task<RedisStoreSut> StartAsync(params string[] rights) => StartAsync(TimeProvider.System, rights);

    private async Task<RedisStoreSut> StartAsync(TimeProvider time, params string[] rights)
    {
        var login = "";
        if (rights.Length > 0)
        {
            await Database.ExecuteAsync("ACL", ["SETUSER", "gateway", "reset", "on", ">password", "+ping", "+echo", "+info", "+client", .. rights]);
            login = ",user=gateway,password=password";
        }

        var sut = new RedisStoreSut("s-nobody", $"127.0.0.1:{_relay.Port},{Patient}{login}", _logs, options => options.LookupTimeout = Long, time);
        await sut.Connection.GetAsync().DefaultTimeout();
        await Eventually.That(() => sut.Connection.IsConnected);
        await Database.ExecuteAsync("CONFIG", "RESETSTAT");
        return sut;
    }

    private Task<bool[]> LogInAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(i => Database.StringSetAsync($"s-{i}", $"u{i}")));

    /// <summary>How many GETs and how many MGETs Redis has run since the store was started, or has rejected.</summary>
    private async Task<(int Gets, int Mgets)> CommandsAsync(string what = "calls")
    {
        var stats = $"{await Database.ExecuteAsync("INFO", "commandstats")}";
        return (Count("get"), Count("mget"));

        int Count(string command) => Regex.Match(stats, $"cmdstat_{command}:.*?\\b{what}=(\\d+)") is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan) : 0;
    }
}
