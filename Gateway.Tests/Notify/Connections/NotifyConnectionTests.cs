using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify.Connections;

/// <summary>
/// The queue of one socket, to the event and to the byte. Time stands still, so nothing here is closed because a write takes too long.
/// </summary>
[TestFixture]
internal sealed class NotifyConnectionTests
{
    private const int MaxEvents = 3;
    private const int MaxBytes = 100;

    private readonly ConcurrentQueue<(string Name, long Value, string? Reason)> _measured = new();
    private ServiceProvider _services = null!;
    private MeterListener _listener = null!;
    private HeldSocket _socket = null!;
    private NotifyConnection _sut = null!;

    private long Queued => Sum("gateway.notify.queue");

    [SetUp]
    public void SetUp()
    {
        _measured.Clear();
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener = new MeterListener();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            _measured.Enqueue((instrument.Name, value, tags.Length > 0 ? tags[0].Value as string : null)));
        _listener.Start();
        _socket = new HeldSocket();
        _sut = new NotifyConnection(
            _socket, isExtended: false, new NotifyOptions { MaxQueuedEvents = MaxEvents, MaxQueuedBytes = MaxBytes }, new NotifyMetrics(meters), new FakeTimeProvider());
    }

    [TearDown]
    public void TearDown()
    {
        _sut.Dispose();
        _socket.Dispose();
        _listener.Dispose();
        _services.Dispose();
    }

    [Test]
    public async Task TryEnqueue_AsManyEventsAsFit_AreWritten()
    {
        await HoldWriterAsync();

        for (var i = 0; i < MaxEvents; i++)
        {
            Assert.That(_sut.TryEnqueue(Message(2)), Is.True, $"Event {i}");
        }

        Assert.That(Queued, Is.EqualTo(2 * MaxEvents));
        Assert.That(_sut.Closing, Is.Null);
        _socket.Release();
        await Eventually.That(() => _socket.Written.SequenceEqual([1, 2, 2, 2]));
        Assert.That(Queued, Is.Zero);
    }

    [Test]
    public async Task TryEnqueue_OneEventTooMany_ClosesAsSlowConsumer()
    {
        await HoldWriterAsync();
        for (var i = 0; i < MaxEvents; i++)
        {
            _sut.TryEnqueue(Event());
        }

        Assert.That(_sut.TryEnqueue(Event()), Is.False);

        await AssertClosedAsSlowAsync();
        Assert.That(_measured.Where(one => one.Name == "gateway.notify.dropped"), Is.EqualTo(new[] { ("gateway.notify.dropped", (long)MaxEvents, "slow-consumer") }));
    }

    [Test]
    public async Task TryEnqueue_AsManyBytesAsFit_AreWritten()
    {
        await HoldWriterAsync();

        Assert.That(_sut.TryEnqueue(Message(1)), Is.True);
        Assert.That(_sut.TryEnqueue(Message(MaxBytes - 1)), Is.True);

        Assert.That(_sut.Closing, Is.Null);
        _socket.Release();
        await Eventually.That(() => _socket.Written.SequenceEqual([1, 1, MaxBytes - 1]));
    }

    [Test]
    public async Task TryEnqueue_OneByteTooMany_ClosesAsSlowConsumer()
    {
        await HoldWriterAsync();
        _sut.TryEnqueue(Message(1));

        Assert.That(_sut.TryEnqueue(Message(MaxBytes)), Is.False);

        await AssertClosedAsSlowAsync();
    }

    [Test]
    public async Task TryEnqueue_OversizedIntoAnEmptyQueue_IsWritten_AndFillsIt()
    {
        await HoldWriterAsync();

        Assert.That(_sut.TryEnqueue(Message(10 * MaxBytes)), Is.True);
        Assert.That(_sut.Closing, Is.Null);
        Assert.That(_sut.TryEnqueue(Message(1)), Is.False);

        await AssertClosedAsSlowAsync();
    }

    [Test]
    public async Task TryEnqueue_OversizedAlone_IsWritten()
    {
        Assert.That(_sut.TryEnqueue(Message(10 * MaxBytes)), Is.True);

        _socket.Release();

        await Eventually.That(() => _socket.Written.SequenceEqual([10 * MaxBytes]));
        Assert.That(_sut.Closing, Is.Null);
        Assert.That(Queued, Is.Zero);
    }

    [Test]
    public async Task TryEnqueue_WhatWasTaken_MakesRoomForAsMuch()
    {
        await HoldWriterAsync();
        _sut.TryEnqueue(Message(MaxBytes));
        _socket.Release();
        await Eventually.That(() => _socket.Written.Count == 2);

        for (var i = 0; i < 3 * MaxEvents; i++)
        {
            Assert.That(_sut.TryEnqueue(Message(MaxBytes)), Is.True);
            await Eventually.That(() => _socket.Written.Count == 3 + i);
        }

        Assert.That(_sut.Closing, Is.Null);
        Assert.That(Queued, Is.Zero);
    }

    [Test]
    public async Task TryEnqueue_AfterClose_IsRefused_AndNothingIsLeftInTheGauge([Values] bool asReplay)
    {
        await HoldWriterAsync();
        _sut.TryEnqueue(Message(20));
        _sut.Close(CloseReason.SessionEnded);

        Assert.That(_sut.TryEnqueue(Message(30), asReplay), Is.False);

        Assert.That(Queued, Is.Zero);
        _socket.Release();
        await _socket.Closed.DefaultTimeout();
        Assert.That((int?)_socket.CloseStatus, Is.EqualTo(CloseReason.SessionEnded.Code));
        Assert.That(_socket.Written, Has.None.EqualTo(20).And.None.EqualTo(30));
        Assert.That(Queued, Is.Zero);
    }

    [Test]
    public async Task Close_GoingAway_WhoseClientIsGone_LeavesNothingInTheGauge()
    {
        await HoldWriterAsync();
        _sut.TryEnqueue(Message(20));
        _sut.Close(CloseReason.GoingAway);
        Assert.That(Queued, Is.EqualTo(20), "What waits is still to be written");

        _socket.Break();

        await Eventually.That(() => Queued == 0);
    }

    [Test]
    public async Task Close_GoingAway_WritesWhatWaits_ThenCloses()
    {
        await HoldWriterAsync();
        _sut.TryEnqueue(Message(20));

        _sut.Close(CloseReason.GoingAway);
        Assert.That(_socket.Closed.IsCompleted, Is.False);
        Assert.That(_sut.TryEnqueue(Message(30)), Is.False);
        _socket.Release();

        await _socket.Closed.DefaultTimeout();
        Assert.That(_socket.Written, Is.EqualTo(new[] { 1, 20 }));
        Assert.That((int?)_socket.CloseStatus, Is.EqualTo(CloseReason.GoingAway.Code));
        Assert.That(Queued, Is.Zero);
    }

    [Test]
    public async Task TryEnqueue_Replay_NeedNotFit_ButIsNotBegunOnTopOfAnother()
    {
        await HoldWriterAsync();
        Assert.That(_sut.IsReadyForReplay(), Is.True);

        for (var i = 0; i <= MaxEvents; i++)
        {
            Assert.That(_sut.TryEnqueue(Message(MaxBytes), asReplay: true), Is.True);
        }

        Assert.That(_sut.Closing, Is.Null);
        Assert.That(_sut.IsReadyForReplay(), Is.False);
        _socket.Release();
        await Eventually.That(() => _socket.Written.Count == MaxEvents + 2);
        Assert.That(_sut.IsReadyForReplay(), Is.True);
    }

    /// <summary>One message of a single byte is being written, and nothing waits.</summary>
    private async Task HoldWriterAsync()
    {
        Assert.That(_sut.TryEnqueue(Message(1)), Is.True);
        await _socket.Writing.DefaultTimeout();
        Assert.That(Queued, Is.Zero);
    }

    private async Task AssertClosedAsSlowAsync()
    {
        Assert.That(_sut.Closing, Is.SameAs(CloseReason.SlowConsumer));
        await _socket.Closed.DefaultTimeout();
        Assert.That((int?)_socket.CloseStatus, Is.EqualTo(4450));
        Assert.That(Queued, Is.Zero);
        _socket.Release();
    }

    private long Sum(string name) => _measured.Where(one => one.Name == name).Sum(one => one.Value);

    private static Outbound Message(int length) => new(new byte[length], Event: null);

    private static Outbound Event() => new(default, HubEvent.Of(Guid.NewGuid(), [1], publishedAt: 0));
}
