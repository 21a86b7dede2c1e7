using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Presence;
using Gateway.Tests.Notify.Connections;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Notify.Presence;

/// <summary>What follows when a user's last socket has gone, where one node is all there is.</summary>
[TestFixture]
internal sealed class DeparturesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public async Task LastSocketGone_ClearsTheMarkerAfterTheGrace_AndNotBefore()
    {
        await using var departures = await StartedAsync(new NotifyOptions());
        departures.Left("bob", "s-2", wasLast: true);
        departures.Pass(5 * Second);
        departures.Left("alice", "s-1", wasLast: true);
        departures.Pass(5 * Second);
        await Eventually.That(() => departures.State.Cleared.SequenceEqual(["bob"]));
        departures.Pass(5 * Second);
        await Eventually.That(() => departures.State.Cleared.SequenceEqual(["bob", "alice"]));
        Assert.That(departures.State.Ended, Is.Empty);
    }

    [Test]
    public async Task ComingBackInTime_KeepsTheMarker()
    {
        await using var departures = await StartedAsync(new NotifyOptions());
        departures.Left("alice", "s-1", wasLast: true);
        departures.Left("bob", "s-2", wasLast: true);
        departures.CameBack("alice");
        departures.Pass(11 * Second);
        await Eventually.That(() => departures.State.Cleared.SequenceEqual(["bob"]));
    }

    [Test]
    public async Task Logout_EndsTheSessionsOfAllSocketsThatLeft()
    {
        await using var departures = await StartedAsync(new NotifyOptions { OnLastDisconnect = LastDisconnect.Logout });
        departures.Left("alice", "s-1", wasLast: false);
        departures.Left("alice", "s-2", wasLast: true);
        departures.Pass(11 * Second);
        await Eventually.That(() => departures.State.Cleared.Contains("alice"));
        Assert.That(departures.State.Ended, Is.EquivalentTo(new[] { "s-1", "s-2", "s-staying" }));
    }

    [Test]
    public async Task Failure_IsTriedAgain()
    {
        await using var departures = await StartedAsync(new NotifyOptions());
        departures.State.Failures = 2;
        departures.Left("alice", "s-1", wasLast: true);
        await Eventually.That(() =>
        {
            departures.Pass(5 * Second);
            return departures.State.Cleared.Contains("alice");
        });
    }

    /// <summary>A slow store, or a thousand who have left: the list is old by the time of the last ones.</summary>
    [Test]
    public async Task ComingBack_WhileOthersAreTidied_KeepsMarkerAndSession()
    {
        await using var departures = await StartedAsync(new NotifyOptions { OnLastDisconnect = LastDisconnect.Logout });
        departures.State.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        departures.Left("alice", "s-1", wasLast: true);
        departures.Left("bob", "s-2", wasLast: true);
        departures.Pass(11 * Second);
        await Eventually.That(() => departures.State.Ended.Count == 1);
        var other = departures.State.Ended.Single() == "s-1" ? "bob" : "alice";
        departures.CameBack(other);
        departures.State.Gate.SetResult();
        departures.Left("carol", "s-3", wasLast: true);
        departures.Pass(11 * Second);
        await Eventually.That(() => departures.State.Cleared.Contains("carol"));
        Assert.That(departures.State.Cleared, Does.Not.Contain(other));
    }

    [Test]
    public async Task Shutdown_TidiesThoseStillInTheirGrace()
    {
        var departures = await StartedAsync(new NotifyOptions());
        departures.Left("alice", "s-1", wasLast: true);
        await departures.DisposeAsync();
        Assert.That(departures.State.Cleared, Is.EqualTo(new[] { "alice" }));
    }

    [Test]
    public async Task Logout_SessionThatCannotBeEnded_DoesNotKeepTheMarker()
    {
        await using var departures = await StartedAsync(new NotifyOptions { OnLastDisconnect = LastDisconnect.Logout });
        departures.State.Unendable = "s-1";
        departures.Left("alice", "s-1", wasLast: false);
        departures.Left("alice", "s-2", wasLast: true);
        departures.Pass(11 * Second);
        await Eventually.That(() => departures.State.Cleared.Contains("alice"));
        Assert.That(departures.State.Ended, Is.EquivalentTo(new[] { "s-2", "s-staying" }));
        departures.State.Unendable = null;
        await Eventually.That(() =>
        {
            departures.Pass(5 * Second);
            return departures.State.Ended.Contains("s-1");
        });
    }

    private static async Task<Running> StartedAsync(NotifyOptions options)
    {
        var running = new Running(options);
        await running.Object.StartAsync(CancellationToken.None);
        // Its timer runs once it has tidied somebody.
        running.Left("probe", "s-0", wasLast: true);
        await Eventually.That(() =>
        {
            running.Pass(Second);
            return running.State.Cleared.Contains("probe");
        });
        running.State.Forget();
        return running;
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly FakeTimeProvider _time = new();
        private readonly NotifyMetrics _metrics = new(TestMeters.Factory);
        private readonly NotifyOptions _options;
        private readonly EventBus _bus;
        private readonly Dictionary<string, NotifyConnection> _staying = [];

        public Running(NotifyOptions options)
        {
            _options = options;
            var store = new MemoryStore(Options.Create(options), new NodeName(), _time);
            _bus = new EventBus(store, Options.Create(options), _metrics, _time, NullLogger<EventBus>.Instance);
            Object = new Departures(store, new DepartureActions(store, Options.Create(options), State, _time, NullLogger<DepartureActions>.Instance), _time, NullLogger<Departures>.Instance);
        }

        public RecordingState State { get; } = new();

        public Departures Object { get; }

        /// <summary>A socket comes and goes, and another one stays unless it is the last.</summary>
        public void Left(string userId, string sessionId, bool wasLast)
        {
            if (!wasLast)
            {
                CameBack(userId);
            }

            var socket = Join(userId, sessionId);
            Assert.That(_bus.LeaveAsync(socket).IsCompletedSuccessfully);
            if (wasLast && _staying.Remove(userId, out var last))
            {
                Assert.That(_bus.LeaveAsync(last).IsCompletedSuccessfully);
            }
        }

        public void CameBack(string userId) => _staying[userId] = Join(userId, "s-staying");

        public void Pass(TimeSpan time) => _time.Advance(time);

        public async ValueTask DisposeAsync()
        {
            await Object.StopAsync(CancellationToken.None);
            Object.Dispose();
            _bus.Dispose();
        }

        private NotifyConnection Join(string userId, string sessionId)
        {
            var connection = new NotifyConnection(new HeldSocket(), isExtended: false, _options, _metrics, _time);
            connection.Authenticated(new SessionVerdict(userId, StoreAnswered: true), sessionId);
            Assert.That(_bus.JoinAsync(new JoinRequest(connection), CancellationToken.None).Result, Is.Null);
            return connection;
        }
    }

    private sealed class RecordingState : ILoginState
    {
        private readonly Lock _lock = new();
        private readonly List<string> _cleared = [];
        private readonly List<string> _ended = [];

        public int Failures { get; set; }

        /// <summary>Ends the wait of whoever clears a marker; null where nobody waits.</summary>
        public TaskCompletionSource? Gate { get; set; }

        /// <summary>A session that Redis does not let the gateway remove.</summary>
        public string? Unendable { get; set; }

        public IReadOnlyList<string> Cleared => Copy(_cleared);

        public IReadOnlyList<string> Ended => Copy(_ended);

        public void Forget()
        {
            lock (_lock)
            {
                _cleared.Clear();
                _ended.Clear();
            }
        }

        public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                if (Failures > 0)
                {
                    Failures--;
                    throw new TimeoutException();
                }

                _cleared.Add(userId);
                return Gate?.Task ?? Task.CompletedTask;
            }
        }

        public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                if (sessionId == Unendable)
                {
                    throw new RedisServerException(RedisErrorKind.NoPermission, CommandFlags.None, "NOPERM No permissions to access a key");
                }

                _ended.Add(sessionId);
                return Task.CompletedTask;
            }
        }

        private IReadOnlyList<string> Copy(List<string> list)
        {
            lock (_lock)
            {
                return [.. list];
            }
        }
    }
}
