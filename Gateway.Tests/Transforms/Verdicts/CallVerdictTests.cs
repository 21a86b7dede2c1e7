using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Transforms.Verdicts;

/// <summary>What an exception means for an RPC call, by where the call stood.</summary>
[TestFixture]
internal sealed class CallVerdictTests
{
    private static readonly object[] SendingFailures =
    [
        // exception, whether a connection had taken the message, kind, outcome, reach
        new object[] { new HttpRequestException(HttpRequestError.ConnectionError), false, VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent },
        new object[] { new TaskCanceledException("", new TimeoutException()), false, VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent },
        new object[] { new HttpRequestException("between headers and body"), false, VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent },
        new object[] { new HttpRequestException("", new HttpProtocolException(7, "", null)), true, VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent },
        new object[] { new HttpRequestException("", new HttpProtocolException(2, "", null)), true, VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.PerhapsSent },
        new object[] { new HttpRequestException(HttpRequestError.ResponseEnded), true, VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.PerhapsSent },
        new object[] { new TaskCanceledException(), true, VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.PerhapsSent },
        new object[] { new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded), true, VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered },
        new object[] { new InvalidOperationException("a transform's"), false, VerdictKind.Unjudged, RpcOutcome.Internal, Reach.NotSent },
        new object[] { new InvalidOperationException("a transform's"), true, VerdictKind.Unjudged, RpcOutcome.Internal, Reach.PerhapsSent },
    ];

    [TestCaseSource(nameof(SendingFailures))]
    public void OfSending_Exception_IsJudgedByItAndByTheBody(Exception exception, bool isTaken, object kind, object outcome, object reach)
    {
        var verdict = CallVerdict.OfSending(new DefaultHttpContext(), remainder: null, isTaken ? Reach.PerhapsSent : Reach.NotSent, exception);

        Assert.That((verdict.Kind, verdict.Outcome, verdict.Reach), Is.EqualTo(((VerdictKind)kind, (RpcOutcome)outcome, (Reach)reach)));
        Assert.That(verdict.Defect, verdict.Outcome == RpcOutcome.Internal ? Is.SameAs(exception) : Is.Null);
    }

    private static readonly object[] AnswerFailures =
    [
        new object[] { new IOException(), VerdictKind.Broken, RpcOutcome.SubServiceFailed },
        new object[] { new HttpRequestException(HttpRequestError.ResponseEnded), VerdictKind.Broken, RpcOutcome.SubServiceFailed },
        new object[] { new InvalidDataException(), VerdictKind.Broken, RpcOutcome.SubServiceFailed },
        new object[] { AnswerException.Garbled("no frame"), VerdictKind.Garbled, RpcOutcome.SubServiceFailed },
        new object[] { AnswerException.Unusable("too long"), VerdictKind.Answered, RpcOutcome.SubServiceFailed },
        new object[] { new InvalidOperationException("a transform's"), VerdictKind.Unjudged, RpcOutcome.Internal },
    ];

    [TestCaseSource(nameof(AnswerFailures))]
    public void OfAnswer_Exception_IsJudged(Exception exception, object kind, object outcome)
    {
        var verdict = CallVerdict.OfAnswer(new DefaultHttpContext(), remainder: null, exception);

        Assert.That((verdict.Kind, verdict.Outcome, verdict.Reach), Is.EqualTo(((VerdictKind)kind, (RpcOutcome)outcome, Reach.Answered)));
    }
}
