using Gateway.Proxy.Redis;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions;

/// <summary>Lifetimes of keys in Redis, as the gateway makes them longer.</summary>
[TestFixture]
[Servers]
internal sealed class RenewalTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Test]
    public async Task Renew_OnARedisCluster_ReachesAllShards()
    {
        var shards = await RedisProcess.CreateClusterAsync(3);
        await using var connection = await shards[0].ConnectAsync();
        using var logs = new RecordingLoggerProvider();
        await using var redis = Connection(shards[0], logs);
        var sut = Renewal(redis, logs, TimeProvider.System);
        var sessions = Enumerable.Range(0, 250).Select(i => $"s-{i}").ToArray();
        foreach (var session in sessions)
        {
            await connection.GetDatabase().StringSetAsync(session, "alice", Short);
        }

        await sut.RenewSessionsAsync([.. sessions, "s-gone"], CancellationToken.None).DefaultTimeout();

        foreach (var session in sessions)
        {
            Assert.That(await connection.GetDatabase().KeyTimeToLiveAsync(session), Is.GreaterThan(Short), session);
        }

        Assert.That(await connection.GetDatabase().KeyExistsAsync("s-gone"), Is.False);
        Assert.That(logs.Named("RenewalFailed"), Is.Empty);
        foreach (var shard in shards)
        {
            await shard.DisposeAsync();
        }
    }

    [Test]
    public async Task Renew_RedisDoesNotAnswer_IsToldAndNoFailure()
    {
        var server = await RedisProcess.CreateAsync();
        using var logs = new RecordingLoggerProvider();
        await using var redis = Connection(server, logs);
        var sut = Renewal(redis, logs, TimeProvider.System);
        await sut.RenewSessionsAsync(["s-1"], CancellationToken.None).DefaultTimeout();
        await server.DisposeAsync();

        await sut.RenewSessionsAsync(["s-1"], CancellationToken.None).DefaultTimeout();

        Assert.That(logs.Named("RenewalFailed").Single().Message, Does.StartWith("The lifetime of a session could not be renewed in Redis ("));
    }

    [Test]
    public async Task Calls_RenewASessionOnceInAnInterval()
    {
        await using var server = await RedisProcess.CreateAsync();
        await using var connection = await server.ConnectAsync();
        using var logs = new RecordingLoggerProvider();
        await using var redis = Connection(server, logs);
        var time = new FakeTimeProvider();
        using var renewals = new CallRenewals(Renewal(redis, logs, TimeProvider.System), Settings(), time);
        await renewals.StartAsync(CancellationToken.None);
        var sut = new RenewingSessions(new EverySession(), renewals);

        await CallAsync("s-1", isRenewed: true);
        await CallAsync("s-1", isRenewed: false);
        // Nor are others kept from it meanwhile.
        await CallAsync("s-2", isRenewed: true);
        time.Advance(Interval);
        await CallAsync("s-1", isRenewed: true);
        await renewals.StopAsync(CancellationToken.None);

        async Task CallAsync(string session, bool isRenewed)
        {
            await connection.GetDatabase().StringSetAsync(session, "alice", Short);
            for (var i = 0; i < 10; i++)
            {
                Assert.That((await sut.FindUserAsync(session, CancellationToken.None)).UserId, Is.EqualTo("alice"));
            }

            if (isRenewed)
            {
                await Eventually.That(async () => await connection.GetDatabase().KeyTimeToLiveAsync(session) > Short, $"'{session}' lives on");
                return;
            }

            // One after the other: whoever comes later is renewed later.
            await connection.GetDatabase().StringSetAsync("s-later", "alice", Short);
            renewals.Note("s-later");
            await Eventually.That(async () => await connection.GetDatabase().KeyTimeToLiveAsync("s-later") > Short, "it goes on");
            Assert.That(await connection.GetDatabase().KeyTimeToLiveAsync(session), Is.LessThanOrEqualTo(Short));
        }
    }

    private static RedisConnection Connection(RedisProcess server, RecordingLoggerProvider logs) =>
        new(Options.Create(new RedisOptions { Configuration = server.Configuration }), TimeProvider.System, logs.CreateLogger<RedisConnection>());

    private static KeyRenewal Renewal(RedisConnection redis, RecordingLoggerProvider logs, TimeProvider time) =>
        new(redis, new SessionKeys(Settings()), Settings(), new SessionMetrics(TestMeters.Factory), time, logs.CreateLogger<KeyRenewal>());

    private static IOptions<SessionOptions> Settings() => Options.Create(new SessionOptions { Renew = new() { SessionTtl = Long, Interval = Interval } });

    private sealed class EverySession : ISessionStore
    {
        public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(SessionLookup.Of("alice"));
    }
}
