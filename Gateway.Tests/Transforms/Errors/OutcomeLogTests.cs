using Gateway.Tests.Support;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms.Errors;

[TestFixture]
internal sealed class OutcomeLogTests
{
    private static readonly RpcRoute Route = new("r", "/p.S/M", MessageFields.None, new EnvelopeFields([], [], [], [], false), SessionMode.Required, null, 1, TimeSpan.FromSeconds(1));

    private readonly FakeTimeProvider _time = new();
    private RecordingLoggerProvider _log = null!;
    private OutcomeLog _sut = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new RecordingLoggerProvider();
        _sut = new OutcomeLog(_log.CreateLogger<OutcomeLog>(), _time);
    }

    [TearDown]
    public void TearDown() => _log.Dispose();

    [Test]
    public void Write_Ok_LogsNothing()
    {
        Write(RpcOutcome.Ok);

        Assert.That(_log.Entries, Is.Empty);
    }

    [TestCase(RpcOutcome.SubServiceFailed, "sub-service-failed")]
    [TestCase(RpcOutcome.NoInstance, "no-instance")]
    [TestCase(RpcOutcome.TimedOut, "timed-out")]
    [TestCase(RpcOutcome.SessionStoreDown, "session-store-down")]
    [TestCase(RpcOutcome.Internal, "internal")]
    [TestCase(RpcOutcome.Overloaded, "overloaded")]
    public void Write_OperatorsBusiness_IsAWarning(RpcOutcome outcome, string code)
    {
        Write(outcome, "why");

        AssertLogged(LogLevel.Warning, "CallFailed",
            $"Route 'r': call to '/p.S/M' ended as '{code}': why (0 like it since the last such line were not logged)");
    }

    [TestCase(RpcOutcome.BadRequest, "bad-request")]
    [TestCase(RpcOutcome.UnsupportedContent, "unsupported-content")]
    [TestCase(RpcOutcome.TooLarge, "too-large")]
    [TestCase(RpcOutcome.SessionInvalid, "session-invalid")]
    [TestCase(RpcOutcome.ClientGone, "client-gone")]
    [TestCase(RpcOutcome.RateLimited, "rate-limited")]
    public void Write_ClientsDoing_IsDebug(RpcOutcome outcome, string code)
    {
        Write(outcome, "why");

        AssertLogged(LogLevel.Debug, "CallRefused", $"Route 'r': request refused as '{code}': why");
    }

    [Test]
    public void Write_ManyOfOneOutcome_IsOneLineASecondWithTheirNumber()
    {
        for (var i = 0; i < 100; i++)
        {
            Write(RpcOutcome.NoInstance, "why");
        }

        Assert.That(_log.Entries, Has.Count.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Write(RpcOutcome.NoInstance, "why");

        Assert.That(_log.Entries, Has.Count.EqualTo(2));
        Assert.That(_log.Entries[1].Message, Does.EndWith("(99 like it since the last such line were not logged)"));
    }

    [Test]
    public void Write_AnotherOutcome_IsNotHeldBackByTheFirst()
    {
        Write(RpcOutcome.NoInstance);
        Write(RpcOutcome.TimedOut);

        Assert.That(_log.Entries, Has.Count.EqualTo(2));
    }

    [TestCase("no such user", "grpc-status 5: no such user")]
    [TestCase("", "grpc-status 5")]
    [TestCase(null, "grpc-status 5")]
    public void Write_SubServiceSaidWhy_TellsItsStatusToo(string? reason, string expected)
    {
        Write(new Verdict(VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered, reason, "grpc-status 5"));

        Assert.That(_log.Entries.Single().Message, Does.Contain($"'sub-service-failed': {expected} ("));
    }

    [Test]
    public void Write_NothingKnown_SaysSo()
    {
        Write(RpcOutcome.BadRequest);

        AssertLogged(LogLevel.Debug, "CallRefused", "Route 'r': request refused as 'bad-request': no further detail");
    }

    [Test]
    public void Write_Defect_IsAnErrorWithTheException()
    {
        var exception = new InvalidOperationException("defect");

        Write(Verdict.Refused(RpcOutcome.Internal, "defect") with { Defect = exception });

        AssertLogged(LogLevel.Error, "CallBroke", "Route 'r': the gateway failed while handling a call");
        Assert.That(_log.Entries.Single().Exception, Is.SameAs(exception));
    }

    private void Write(RpcOutcome outcome, string? reason = null) => Write(Verdict.Refused(outcome, reason));

    private void Write(Verdict verdict) => _sut.Write(new RpcFeature(Route, startedAt: 0), verdict);

    private void AssertLogged(LogLevel level, string name, string message)
    {
        var entry = _log.Entries.Single();
        Assert.That((entry.Level, entry.EventId.Name, entry.Message), Is.EqualTo((level, name, message)));
    }
}
