using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;
using Gateway.Tests.Notify.Connections;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify.Delivery;

/// <summary>What a client that resumes may cost, and what it may be told.</summary>
[TestFixture]
internal sealed class ResumeTests
{
    private static readonly FeedPosition Start = new("long-ago", 0);

    private readonly NotifyOptions _options = new();
    private NotifyMetrics _metrics = null!;
    private FakeTimeProvider _time = null!;
    private EventBus _bus = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _metrics = new NotifyMetrics(TestMeters.Factory);
        _bus = new EventBus(new MemoryStore(Options.Create(_options), new NodeName(), _time), Options.Create(_options), _metrics, _time, NullLogger<EventBus>.Instance);
    }

    [TearDown]
    public void TearDown() => _bus.Dispose();

    /// <summary>Each may read a megabyte from the store, and whoever reconnects as fast as possible asks as often.</summary>
    [Test]
    public async Task Hello_ThatResumes_WaitsForItsTurnAsAResumeDoes()
    {
        var answered = 0;
        for (; answered < 100; answered++)
        {
            var connection = Connection();
            var joining = _bus.JoinAsync(new JoinRequest(connection, Resume: Start), CancellationToken.None);
            if (!joining.IsCompleted)
            {
                break;
            }

            await _bus.LeaveAsync(connection);
        }

        Assert.That(answered, Is.LessThan(100), "Within no time at all");
    }

    /// <summary>The session is looked at before the wait, which may take seconds.</summary>
    [Test]
    public async Task Resume_WhoseSessionEndsWhileItWaits_TellsNothingNew()
    {
        var (ended, other) = (Connection(), Connection());
        foreach (var connection in new[] { ended, other })
        {
            Assert.That(await _bus.JoinAsync(new JoinRequest(connection), CancellationToken.None), Is.Null);
        }

        await _bus.ResumeAsync(ended, ended.Position, CancellationToken.None);
        var waiting = _bus.ResumeAsync(ended, ended.Position, CancellationToken.None);
        Assert.That(waiting.IsCompleted, Is.False, "or this shows nothing");
        // As SessionWatch does.
        ended.ExpiresAt = _time.GetUtcNow() + _options.ReauthenticationTimeout;
        await _bus.LeaveAsync(ended);
        await _bus.PublishAsync(["alice"], HubEvent.Of(Guid.NewGuid(), HubFixture.Removed("secret").ToByteArray(), 0), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await waiting.DefaultTimeout();
        Assert.That(ended.Position.Sequence, Is.Zero);
    }

    private NotifyConnection Connection()
    {
        var connection = new NotifyConnection(new HeldSocket(), isExtended: true, _options, _metrics, _time);
        connection.Authenticated(new SessionVerdict("alice", StoreAnswered: true), "s-alice");
        return connection;
    }
}
