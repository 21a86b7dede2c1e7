using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

/// <summary>The tracked store with all its parts, as a gateway has them.</summary>
internal sealed class TrackedSut : IAsyncDisposable
{
    public const string Session = "secret-session-id";

    private readonly RedisConnection _connection;
    private readonly SessionTracker _tracker;

    private TrackedSut(string configuration, TimeProvider time, ISessionStore? source)
    {
        var sessions = Options.Create(new SessionOptions { Tracking = true, KeyPattern = "session:{session_id}", CacheEntries = 1000 });
        var redis = Options.Create(new RedisOptions { Configuration = configuration });
        var keys = new SessionKeys(sessions);
        // The time of a test is for what is remembered alone; asking Redis takes as long as it takes.
        _connection = new RedisConnection(redis, TimeProvider.System, Logs.CreateLogger<RedisConnection>());
        source ??= new RedisSessionStore(
            _connection, keys, sessions, TimeProvider.System, new SessionMetrics(TestMeters.Factory), Logs.CreateLogger<RedisSessionStore>());
        Remembered = new RememberedSessions(sessions, time);
        Store = new TrackedSessionStore(source, Remembered, new TrackingMetrics(TestMeters.Factory, Remembered));
        _tracker = new SessionTracker(Store, _connection, redis, Remembered, keys, time, Logs.CreateLogger<SessionTracker>());
    }

    public RecordingLoggerProvider Logs { get; } = new();

    public RememberedSessions Remembered { get; }

    public TrackedSessionStore Store { get; }

    /// <param name="configuration">The Redis.</param>
    /// <param name="time">With a clock that stands still, a proof stays good for as long as its connection does.</param>
    /// <param name="source">Who answers calls instead of Redis.</param>
    public static async Task<TrackedSut> StartAsync(string configuration, TimeProvider? time = null, ISessionStore? source = null)
    {
        var sut = new TrackedSut(configuration, time ?? TimeProvider.System, source);
        await sut._tracker.StartAsync(CancellationToken.None);
        return sut;
    }

    /// <summary>One look-up as a call makes it. A busy machine may keep Redis from answering in time, so this may be "store down" for no reason.</summary>
    public Task<SessionLookup> AskAsync(string sessionId = Session) => Store.FindUserAsync(sessionId, CancellationToken.None).DefaultTimeout();

    public Task UntilProvenAsync() => Eventually.That(() => Remembered.IsProven, "tracking works");

    /// <summary>Asks until the session is answered from memory.</summary>
    public Task UntilRememberedAsync(string sessionId = Session) => Eventually.That(
        async () =>
        {
            await AskAsync(sessionId);
            return Remembered.TryFind(sessionId, out _);
        },
        "the session is remembered");

    public Task UntilAnsweredAsync(SessionLookup expected) => Eventually.That(async () => await AskAsync() == expected, $"the answer is {expected}");

    /// <summary>Ends it, and makes sure of what must never be logged.</summary>
    public async ValueTask DisposeAsync()
    {
        await _tracker.StopAsync(CancellationToken.None);
        _tracker.Dispose();
        await _connection.DisposeAsync();
        Logs.AssertNoErrors();
        Assert.That(Logs.Entries.Where(entry => entry.ToString().Contains("secret", StringComparison.Ordinal)), Is.Empty, "A session id or a password was logged");
        Logs.Dispose();
    }
}
