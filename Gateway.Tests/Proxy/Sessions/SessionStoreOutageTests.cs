using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionStoreOutageTests
{
    private FakeTimeProvider _time;
    private RecordingLoggerProvider _logs;
    private SessionStoreOutage _sut;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _logs = new RecordingLoggerProvider();
        _sut = new SessionStoreOutage(_time, _logs.CreateLogger("test"));
    }

    [TearDown]
    public void TearDown() => _logs.Dispose();

    [Test]
    public void LookupFailed_ManyTimes_IsToldEveryFiveSecondsWithTheirNumber()
    {
        for (var i = 0; i < 1000; i++)
        {
            _sut.LookupFailed("timeout");
        }

        Assert.That(_logs.Entries.Select(entry => entry.Message), Is.EqualTo(new[]
        {
            "The session store does not answer (timeout); look-ups refused since the last such line: 1.",
        }));

        _time.Advance(TimeSpan.FromSeconds(5));
        _sut.LookupFailed("timeout");

        Assert.That(_logs.Entries[^1].Message, Is.EqualTo("The session store does not answer (timeout); look-ups refused since the last such line: 1000."));
        Assert.That(_logs.Entries.Select(entry => entry.Level), Is.All.EqualTo(LogLevel.Warning));
    }

    [Test]
    public void IsDown_FromTheFirstFailureToTheNextAnswer_OrForAMinute()
    {
        Assert.That(_sut.IsDown, Is.False);
        _sut.LookupFailed("timeout");
        Assert.That(_sut.IsDown, Is.True);
        _sut.LookupSucceeded();
        Assert.That(_sut.IsDown, Is.False);

        _sut.LookupFailed("timeout");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.That(_sut.IsDown, Is.True);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_sut.IsDown, Is.False, "Nobody knows");
    }

    [Test]
    public void LookupSucceeded_AWhileAfterTheLastFailure_IsToldOnce()
    {
        _sut.LookupSucceeded();
        _sut.LookupFailed("timeout");
        _sut.LookupFailed("timeout");
        _time.Advance(TimeSpan.FromSeconds(5));
        _sut.LookupSucceeded();
        _sut.LookupSucceeded();

        Assert.That(_logs.Entries, Has.Count.EqualTo(2));
        Assert.That(_logs.Entries[1].Message, Is.EqualTo("The session store answers again, after 2 refused look-ups."));
        Assert.That(_logs.Entries[1].Level, Is.EqualTo(LogLevel.Information));
    }

    [Test]
    public void LookupFailed_AlternatingWithSuccess_IsToldOncePerInterval()
    {
        for (var i = 0; i < 100; i++)
        {
            _sut.LookupFailed("timeout");
            _sut.LookupSucceeded();
            _time.Advance(TimeSpan.FromMilliseconds(49));
        }

        Assert.That(_logs.Named("SessionStoreDown"), Has.Count.EqualTo(1));
        Assert.That(_logs.Named("SessionStoreBack"), Is.Empty);
    }

    [Test]
    public void LookupFailed_SoonAfterTheStoreWasBack_IsToldAtOnce()
    {
        _sut.LookupFailed("timeout");
        _time.Advance(TimeSpan.FromSeconds(5));
        _sut.LookupSucceeded();
        _sut.LookupFailed("timeout");

        Assert.That(_logs.Named("SessionStoreDown"), Has.Count.EqualTo(2));
    }
}
