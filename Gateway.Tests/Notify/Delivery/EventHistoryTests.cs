using Gateway.Notify;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;

namespace Gateway.Tests.Notify.Delivery;

/// <summary>What is kept for those who resume: bounded by number, bytes and age for each user, and by bytes for all together.</summary>
[TestFixture]
internal sealed class EventHistoryTests
{
    private const int Memory = 100;

    private readonly NotifyOptions _options = new() { ReplayEvents = 3, ReplayBytes = 60, ReplayAge = TimeSpan.FromMinutes(1) };
    private HistoryMemory _memory = null!;

    [SetUp]
    public void SetUp() => _memory = new HistoryMemory(Memory);

    [Test]
    public void Add_AsManyEventsAsMayBeKept_AreThere_AndTheOldestGoesWithTheNext()
    {
        var sut = new EventHistory(_options, _memory);
        for (ulong i = 1; i <= 3; i++)
        {
            sut.Add(Event(i, length: 1));
        }

        Assert.That(Sequences(sut.After(0, 3)), Is.EqualTo(new ulong[] { 1, 2, 3 }));
        sut.Add(Event(4, length: 1));
        Assert.That(sut.After(0, 4), Is.Null, "Some of it is gone, so nothing is given out");
        Assert.That(Sequences(sut.After(1, 4)), Is.EqualTo(new ulong[] { 2, 3, 4 }));
    }

    [Test]
    public void Add_AsManyBytesAsMayBeKept_AreThere_AndTheOldestGoesWithTheNext()
    {
        var sut = new EventHistory(_options, _memory);
        sut.Add(Event(1, length: 20));
        sut.Add(Event(2, length: 40));

        Assert.That(Sequences(sut.After(0, 2)), Is.EqualTo(new ulong[] { 1, 2 }));
        sut.Add(Event(3, length: 1));
        Assert.That(sut.After(0, 3), Is.Null);
        Assert.That(Sequences(sut.After(1, 3)), Is.EqualTo(new ulong[] { 2, 3 }));
    }

    [Test]
    public void Add_WhatIsTooOld_Goes()
    {
        var sut = new EventHistory(_options, _memory);
        sut.Add(Event(1, length: 1, at: TimeSpan.Zero));
        sut.Add(Event(2, length: 1, at: TimeSpan.FromMinutes(1)));
        Assert.That(Sequences(sut.After(0, 2)), Is.EqualTo(new ulong[] { 1, 2 }));

        sut.Add(Event(3, length: 1, at: TimeSpan.FromMinutes(1) + TimeSpan.FromMilliseconds(1)));

        Assert.That(sut.After(0, 3), Is.Null);
        Assert.That(Sequences(sut.After(1, 3)), Is.EqualTo(new ulong[] { 2, 3 }));
    }

    [Test]
    public void Add_MoreThanAllUsersMayTake_KeepsNothingOfTheLast_AndTheOthersStay()
    {
        var first = new EventHistory(_options, _memory);
        var second = new EventHistory(_options, _memory);
        first.Add(Event(1, length: 60));
        second.Add(Event(1, length: 40));
        Assert.That(Sequences(second.After(0, 1)), Is.EqualTo(new ulong[] { 1 }), "Exactly as much as there is room for");

        second.Add(Event(2, length: 1));

        Assert.That(second.After(0, 2), Is.Null);
        Assert.That(second.After(1, 2), Is.Null);
        Assert.That(Sequences(first.After(0, 1)), Is.EqualTo(new ulong[] { 1 }));
        second.Add(Event(3, length: 40));
        Assert.That(Sequences(second.After(2, 3)), Is.EqualTo(new ulong[] { 3 }), "What was given up makes room");
    }

    /// <summary>Room that is not given back would leave nobody a history after a day.</summary>
    [Test]
    public void Add_UsersComeAndGo_GivesBackWhatItTook()
    {
        for (var user = 0; user < 100; user++)
        {
            var sut = new EventHistory(_options, _memory);
            for (ulong i = 1; i <= 10; i++)
            {
                sut.Add(Event(i, length: 20));
                Assert.That(sut.After(i - 1, i), Is.Not.Null, $"Event {i} of user {user}");
            }

            sut.Clear();
            Assert.That(sut.After(9, 10), Is.Null);
        }
    }

    [Test]
    public void After_BeyondTheNewest_IsNull() => Assert.That(new EventHistory(_options, _memory).After(1, 0), Is.Null);

    private static IEnumerable<ulong>? Sequences(IReadOnlyList<NumberedEvent>? events) => events?.Select(numbered => numbered.Sequence);

    private static NumberedEvent Event(ulong sequence, int length, TimeSpan at = default) =>
        new(sequence, HubEvent.Of(Guid.NewGuid(), new byte[length], (long)at.TotalMilliseconds));
}
