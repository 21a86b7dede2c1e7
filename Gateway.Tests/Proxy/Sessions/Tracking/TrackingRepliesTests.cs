using System.Buffers;
using System.Text;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

/// <summary>Every order in which a session's reading and its change can come.</summary>
public sealed class TrackingRepliesTests
{
    private const string Primary = "%1\r\n+role\r\n+master\r\n";
    private const string Alice = "$5\r\nalice\r\n";
    private const string Bob = "$3\r\nbob\r\n";
    private const string NoExpiry = ":-1\r\n";
    private const string Changed = ">2\r\n+invalidate\r\n*1\r\n$10\r\nsession:s1\r\n";
    private const string OtherChanged = ">2\r\n+invalidate\r\n*1\r\n$10\r\nsession:s2\r\n";
    private const string Flushed = ">2\r\n+invalidate\r\n_\r\n";

    private FakeTimeProvider _time;
    private RememberedSessions _remembered;
    private TrackingReplies _sut;

    [SetUp]
    public void SetUp()
    {
        var options = Options.Create(new SessionOptions { KeyPattern = "session:{session_id}" });
        _time = new FakeTimeProvider();
        _remembered = new RememberedSessions(options, _time);
        _sut = new TrackingReplies(_remembered, new SessionKeys(options), _time);
        _remembered.Proven(_time.GetTimestamp());
    }

    [TestCase(Alice + NoExpiry, "alice")]
    [TestCase(Alice + NoExpiry + OtherChanged, "alice")]
    [TestCase(Alice + NoExpiry + ">1\r\n+something\r\n", "alice", Description = "Nothing that is known")]
    [TestCase(Changed + Alice + NoExpiry, "alice", Description = "Read after the change")]
    [TestCase(Alice + Changed + NoExpiry, null, Description = "Changed between the user and the time left")]
    [TestCase(Alice + OtherChanged + NoExpiry, null, Description = "Not known to be another's without looking; it is read again when asked for")]
    [TestCase(Alice + Flushed + NoExpiry, null)]
    [TestCase(Alice + NoExpiry + Changed, null, Description = "Changed after it was read")]
    [TestCase(Alice + NoExpiry + Flushed, null)]
    [TestCase("_\r\n:-2\r\n", null, Description = "No such session")]
    [TestCase("$0\r\n\r\n" + NoExpiry, null, Description = "An empty user is nobody")]
    [TestCase(Alice + ":-2\r\n", null, Description = "Gone in between")]
    [TestCase(Alice + "-ERR\r\n", null)]
    [TestCase(Alice + "+soon\r\n", null)]
    [TestCase("-WRONGTYPE no string\r\n" + NoExpiry, null)]
    [TestCase("-LOADING\r\n-LOADING\r\n", null)]
    public void Take_ReadingAndChange_TheLaterOneWins(string comes, string? user)
    {
        Ask("s1");
        Take(comes);

        Assert.That(Find("s1"), Is.EqualTo(user));
    }

    [Test]
    public void Take_ChangedWhileReadTwice_TheSecondReadingCounts()
    {
        Ask("s1");
        Ask("s1");
        Take(Alice + Changed + NoExpiry + Bob + NoExpiry);

        Assert.That(Find("s1"), Is.EqualTo("bob"));
    }

    [Test]
    public void Take_SeveralAnswers_EachIsItsOwnSessions()
    {
        Ask("s1");
        Ask("s2");
        Ask("s3");
        Take(Alice + NoExpiry + "_\r\n:-2\r\n" + Bob + NoExpiry);

        Assert.That((Find("s1"), Find("s2"), Find("s3")), Is.EqualTo(("alice", default(string), "bob")));
    }

    [Test]
    public void Take_SessionWithATimeToLive_IsOutWhenItEndsCountedFromTheQuestion()
    {
        Ask("s1");
        _time.Advance(TimeSpan.FromSeconds(2));
        Take(Alice + ":5000\r\n");
        _time.Advance(TimeSpan.FromMilliseconds(2999));
        Prove();
        Assert.That(Find("s1"), Is.EqualTo("alice"));

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(Find("s1"), Is.Null);
    }

    [TestCase(NoExpiry)]
    [TestCase(":9223372036854775807\r\n")]
    public void Take_SessionThatLivesLong_IsReadAnewAfterTenMinutes(string left)
    {
        Ask("s1");
        Take(Alice + left);
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        Prove();
        Assert.That(Find("s1"), Is.EqualTo("alice"));

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(Find("s1"), Is.Null);
    }

    [Test]
    public void Take_Proof_CountsFromTheQuestion()
    {
        Ask("s1");
        Take(Alice + NoExpiry);
        _sut.Expect(new TrackingRequest(null, _time.GetTimestamp()));
        _time.Advance(RememberedSessions.ProofAge - TimeSpan.FromMilliseconds(1));
        Take(Primary);
        Assert.That(Find("s1"), Is.EqualTo("alice"));

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(Find("s1"), Is.Null);
    }

    [TestCase("%1\r\n+role\r\n+replica\r\n", Description = "It was demoted")]
    [TestCase("%0\r\n")]
    [TestCase("-NOAUTH\r\n")]
    public void Take_NoPrimary_IsNoProof(string answer)
    {
        _sut.Expect(new TrackingRequest(null, _time.GetTimestamp()));

        Assert.That(() => Take(answer), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Take_AnswerToNothing_EndsIt() =>
        Assert.That(() => Take("+OK\r\n"), Throws.InstanceOf<InvalidDataException>());

    private void Ask(string sessionId) => _sut.Expect(new TrackingRequest(sessionId, _time.GetTimestamp()));

    private void Prove()
    {
        _sut.Expect(new TrackingRequest(null, _time.GetTimestamp()));
        Take(Primary);
    }

    private void Take(string bytes)
    {
        var reader = new RespReader();
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(bytes));
        while (reader.TryRead(ref buffer, out var value))
        {
            _sut.Take(value);
        }

        Assert.That(buffer.IsEmpty, Is.True);
    }

    private string? Find(string sessionId) => _remembered.TryFind(sessionId, out var lookup) ? lookup.UserId : null;
}
