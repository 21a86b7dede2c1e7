using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Transforms.Verdicts;

/// <summary>What YARP says of a request, read as a verdict.</summary>
[TestFixture]
internal sealed class OrdinaryVerdictTests
{
    private static readonly TaskCanceledException ConnectTimeout = new("", new TimeoutException());

    private static readonly object[] Failures =
    [
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.ConnectionError), VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.NameResolutionError), VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.Request, new HttpRequestException("", new HttpProtocolException(7, "", null)), VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.RequestBodyDestination, new AggregateException(new IOException(), new HttpRequestException(HttpRequestError.ConnectionError)), VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.RequestTimedOut, ConnectTimeout, VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.Request, ConnectTimeout, VerdictKind.Unreachable, Reach.NotSent },
        new object[] { ForwarderError.RequestTimedOut, new TaskCanceledException(), VerdictKind.Slow, Reach.PerhapsSent },
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.ResponseEnded), VerdictKind.Broken, Reach.PerhapsSent },
        new object[] { ForwarderError.Request, new HttpRequestException("", new InvalidOperationException()), VerdictKind.Broken, Reach.PerhapsSent },
        new object[] { ForwarderError.Request, new HttpRequestException("", new HttpProtocolException(2, "", null)), VerdictKind.Broken, Reach.PerhapsSent },
        new object[] { ForwarderError.Request, new TaskCanceledException(), VerdictKind.Broken, Reach.PerhapsSent },
        new object[] { ForwarderError.RequestBodyDestination, new AggregateException(new IOException()), VerdictKind.Broken, Reach.PerhapsSent },
        new object[] { ForwarderError.ResponseBodyDestination, new IOException(), VerdictKind.Broken, Reach.Answered },
        new object[] { ForwarderError.ResponseBodyCanceled, new TaskCanceledException(), VerdictKind.Slow, Reach.Answered },
        new object[] { ForwarderError.ResponseBodyClient, new IOException(), VerdictKind.Answered, Reach.Answered },
        new object[] { ForwarderError.RequestBodyClient, new IOException(), VerdictKind.Unjudged, Reach.PerhapsSent },
        new object[] { ForwarderError.RequestCreation, new InvalidOperationException(), VerdictKind.Unjudged, Reach.PerhapsSent },
        new object[] { ForwarderError.NoAvailableDestinations, null!, VerdictKind.Unjudged, Reach.NotSent },
    ];

    [TestCaseSource(nameof(Failures))]
    public void OfFailure_ForwarderError_IsJudged(object error, Exception? exception, object kind, object reach)
    {
        var verdict = OrdinaryVerdict.OfFailure(new DefaultHttpContext(), new Failure((ForwarderError)error, exception));

        Assert.That((verdict.Kind, verdict.Reach), Is.EqualTo(((VerdictKind)kind, (Reach)reach)));
        Assert.That(verdict.Outcome, Is.Not.EqualTo(RpcOutcome.Ok));
    }

    [TestCase(ForwarderError.RequestCanceled, false, VerdictKind.Unjudged)]
    [TestCase(ForwarderError.RequestCanceled, true, VerdictKind.Slow)]
    [TestCase(ForwarderError.ResponseBodyCanceled, false, VerdictKind.Unjudged)]
    [TestCase(ForwarderError.ResponseBodyCanceled, true, VerdictKind.Slow)]
    [TestCase(ForwarderError.RequestBodyCanceled, false, VerdictKind.Unjudged)]
    [TestCase(ForwarderError.RequestBodyCanceled, true, VerdictKind.Unjudged)]
    public void OfFailure_Cancelled_IsTheInstancesFaultOnlyWhereItWasWaitedFor(object error, bool isOverdue, object kind)
    {
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        context.Features.Set<IHttpRequestTimeoutFeature>(new Deadline(isOverdue));

        var verdict = OrdinaryVerdict.OfFailure(context, new Failure((ForwarderError)error, new TaskCanceledException()));

        Assert.That((verdict.Kind, verdict.Outcome), Is.EqualTo(((VerdictKind)kind, isOverdue ? RpcOutcome.TimedOut : RpcOutcome.ClientGone)));
    }

    [TestCase(ForwarderError.RequestCanceled, true)]
    [TestCase(ForwarderError.RequestTimedOut, false)]
    [TestCase(ForwarderError.ResponseBodyCanceled, true)]
    [TestCase(ForwarderError.ResponseBodyCanceled, false)]
    public void OfFailure_TimeIsOverAndTheClientWasWaitedFor_IsUnjudged(object error, bool isOverdue)
    {
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(isOverdue) };
        context.Features.Set<IHttpRequestTimeoutFeature>(new Deadline(isOverdue));

        var verdict = OrdinaryVerdict.OfFailure(context, new Failure((ForwarderError)error, new TaskCanceledException()), isClientsTurn: true);

        Assert.That((verdict.Kind, verdict.Outcome), Is.EqualTo((VerdictKind.Unjudged, RpcOutcome.TimedOut)));
    }

    [TestCase(200, VerdictKind.Answered)]
    [TestCase(404, VerdictKind.Answered)]
    [TestCase(500, VerdictKind.Answered)]
    [TestCase(503, VerdictKind.Unavailable)]
    public void OfAnswer_Status_IsJudged(int status, object kind) => Assert.That(OrdinaryVerdict.OfAnswer(status).Kind, Is.EqualTo(kind));

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;

    private sealed class Deadline(bool isOver) : IHttpRequestTimeoutFeature
    {
        public CancellationToken RequestTimeoutToken => new(isOver);

        public void DisableTimeout()
        {
        }
    }
}
