using Gateway.Notify;
using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify;

/// <summary>What waits for Redis: to the event and to the byte, in order, and no longer than it may.</summary>
[TestFixture]
internal sealed class OutboxTests
{
    private readonly NotifyOptions _options = new() { OutboxEvents = 3, OutboxBytes = 100, OutboxAge = TimeSpan.FromMinutes(1) };
    private FakeTimeProvider _time = null!;
    private Outbox _sut = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _sut = new Outbox(Options.Create(_options), new NotifyMetrics(TestMeters.Factory), _time);
    }

    [Test]
    public void TryAdd_AsManyEventsAsFit_AreHeld_AndNoMore()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.That(Add($"{i}", 1), Is.True, "It is taken care of, be it by losing it");
        }

        Assert.That(Drain(), Is.EqualTo(new[] { "0", "1", "2" }));
    }

    [Test]
    public void TryAdd_AsManyBytesAsFit_AreHeld_AndNoMore()
    {
        Add("0", 40);
        Add("too-long", 61);
        Add("1", 60);
        Add("one-too-many", 1);

        Assert.That(Drain(), Is.EqualTo(new[] { "0", "1" }));
    }

    /// <summary>Bytes that are not given back would lose every event after the first outages.</summary>
    [Test]
    public void TryAdd_AfterManyOutages_HoldsAsMuchAsAtFirst()
    {
        for (var outage = 0; outage < 10; outage++)
        {
            Add("0", 50);
            Add("1", 50);

            Assert.That(Drain(), Is.EqualTo(new[] { "0", "1" }), $"Outage {outage}");
            _sut.Open();
        }
    }

    [Test]
    public void TryPeek_WhatHasWaitedTooLong_IsPassedOver()
    {
        Add("old", 50);
        _time.Advance(TimeSpan.FromSeconds(1));
        Add("at-its-limit", 50);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(Drain(), Is.EqualTo(new[] { "at-its-limit" }));
    }

    [Test]
    public void TryAdd_Closed_IsNotTaken_UntilItIsOpened()
    {
        Assert.That(_sut.IsOpen, Is.True, "Nothing is sent before the first word from Redis");
        Assert.That(Drain(), Is.Empty);

        Assert.That(_sut.IsOpen, Is.False);
        Assert.That(Add("0", 1), Is.False);
        Assert.That((_sut.Open(), _sut.Open()), Is.EqualTo((true, false)));
        Assert.That(Add("1", 1), Is.True);
        Assert.That(Drain(), Is.EqualTo(new[] { "1" }));
    }

    [Test]
    public void TryPeek_UnsentEvent_StaysFirst()
    {
        Add("0", 1);
        Add("1", 1);

        Assert.That(_sut.TryPeekOrClose(out var first), Is.True);
        Assert.That(_sut.TryPeekOrClose(out var again), Is.True);

        Assert.That(again, Is.SameAs(first));
        Assert.That(Drain(), Is.EqualTo(new[] { "0", "1" }));
    }

    [Test]
    public void RecentEvents_KnowTheLastSixtyFour()
    {
        var sut = new RecentEvents();
        Guid[] ids = [.. Enumerable.Range(0, 65).Select(_ => Guid.NewGuid())];
        foreach (var id in ids)
        {
            sut.Add(id);
        }

        Assert.That(ids.Select(sut.Contains), Is.EqualTo(new[] { false }.Concat(Enumerable.Repeat(true, 64))));
    }

    private bool Add(string user, int length) => _sut.TryAdd(user, HubEvent.Of(Guid.NewGuid(), new byte[length], publishedAt: 0), mayHaveRun: false);

    /// <summary>Sends all there is; whose events they were.</summary>
    private List<string> Drain()
    {
        List<string> users = [];
        while (_sut.TryPeekOrClose(out var entry))
        {
            users.Add(entry.UserId);
            _sut.Sent();
        }

        return users;
    }
}
