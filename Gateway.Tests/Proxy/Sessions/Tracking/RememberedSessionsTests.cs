using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

public sealed class RememberedSessionsTests
{
    private const int Capacity = 1000;

    private FakeTimeProvider _time;
    private RememberedSessions _sut;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _sut = new RememberedSessions(Options.Create(new SessionOptions { CacheEntries = Capacity }), _time);
        _sut.Proven(_time.GetTimestamp());
    }

    [Test]
    public void TryFind_Remembered_GivesItsUser()
    {
        Remember("s1", "alice");

        Assert.That(Find("s1"), Is.EqualTo("alice"));
        Assert.That(Find("s2"), Is.Null);
        Assert.That(_sut.TryFind("s1", out var lookup) && lookup == SessionLookup.Of("alice"), Is.True);
    }

    [Test]
    public void TryFind_NeverProven_IsNothing()
    {
        _sut = new RememberedSessions(Options.Create(new SessionOptions()), _time);
        Remember("s1", "alice");

        Assert.That(Find("s1"), Is.Null);
    }

    [Test]
    public void TryFind_ProofTooOld_IsNothingUntilTheNextProof()
    {
        Remember("s1", "alice");
        _time.Advance(RememberedSessions.ProofAge - TimeSpan.FromMilliseconds(1));
        Assert.That(Find("s1"), Is.EqualTo("alice"));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(Find("s1"), Is.Null);
        Assert.That(_sut.IsProven, Is.False);

        _sut.Proven(_time.GetTimestamp());
        Assert.That(Find("s1"), Is.EqualTo("alice"));
    }

    [Test]
    public void TryFind_InDoubt_IsNothing()
    {
        Remember("s1", "alice");
        _sut.Doubt();

        Assert.That(Find("s1"), Is.Null);
    }

    [Test]
    public void TryFind_Expired_IsNothing()
    {
        _sut.Remember("s1", "alice", _time.GetTimestamp() + _time.TimestampFrequency / 2);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.That(Find("s1"), Is.EqualTo("alice"));

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(Find("s1"), Is.Null);
        Assert.That(_sut.IsProven, Is.True);
    }

    [Test]
    public void Remember_AnotherUser_ReplacesTheFirst()
    {
        Remember("s1", "alice");
        Remember("s1", "bob");

        Assert.That(Find("s1"), Is.EqualTo("bob"));
        Assert.That(_sut.Count, Is.EqualTo(1));
    }

    [Test]
    public void Forget_OneOrAll_TakesNothingElse()
    {
        Remember("s1", "alice");
        Remember("s2", "bob");
        _sut.Forget("s1");
        _sut.Forget("s9");
        Assert.That((Find("s1"), Find("s2"), _sut.Count), Is.EqualTo((default(string), "bob", 1)));

        _sut.ForgetAll();
        Assert.That((Find("s2"), _sut.Count), Is.EqualTo((default(string), 0)));

        Remember("s3", "carol");
        Assert.That(Find("s3"), Is.EqualTo("carol"), "It goes on");
    }

    [Test]
    public void Remember_MoreThanThereIsRoomFor_StaysWithinItAndKeepsThoseInUse()
    {
        for (var i = 0; i < 3 * Capacity; i++)
        {
            Remember($"s{i}", "alice");
            Assert.That(_sut.Count, Is.LessThanOrEqualTo(Capacity));
            Assert.That(Find("s0"), Is.EqualTo("alice"), "It is asked for all the time");
        }

        Assert.That(_sut.Count, Is.EqualTo(Capacity));
        Assert.That(Find($"s{3 * Capacity - 1}"), Is.EqualTo("alice"), "The newest has room");
        Assert.That(Find("s1"), Is.Null, "Nobody has asked for it");
    }

    [Test]
    public void Remember_AllInUse_MakesRoomAllTheSame()
    {
        for (var i = 0; i < Capacity; i++)
        {
            Remember($"s{i}", "alice");
            Find($"s{i}");
        }

        Remember("new", "bob");

        Assert.That(Find("new"), Is.EqualTo("bob"));
        Assert.That(_sut.Count, Is.EqualTo(Capacity));
    }

    [Test]
    public void Remember_AfterForgetting_UsesTheRoomAgain()
    {
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < Capacity; i++)
            {
                Remember($"s{i}", $"u{round}");
            }

            Assert.That(Enumerable.Range(0, Capacity).Select(i => Find($"s{i}")), Is.All.EqualTo($"u{round}"));
            for (var i = round; i < Capacity; i += 3)
            {
                _sut.Forget($"s{i}");
            }
        }
    }

    private void Remember(string sessionId, string userId) => _sut.Remember(sessionId, userId, long.MaxValue);

    private string? Find(string sessionId) => _sut.TryFind(sessionId, out var lookup) ? lookup.UserId : null;
}
