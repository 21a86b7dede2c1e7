using Gateway.Proxy.Resilience;
using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class AttemptJudgeTests
{
    private static readonly TaskCanceledException ConnectTimeout = new("", new TimeoutException());

    private static readonly object[] Failures =
    [
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.ConnectionError), AttemptResult.NotSent },
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.NameResolutionError), AttemptResult.NotSent },
        new object[] { ForwarderError.Request, new HttpRequestException("", new HttpProtocolException(7, "", null)), AttemptResult.NotSent },
        new object[] { ForwarderError.Request, new HttpRequestException("", new InvalidOperationException()), AttemptResult.NotSent },
        new object[] { ForwarderError.RequestBodyDestination, new AggregateException(new IOException(), new HttpRequestException(HttpRequestError.ConnectionError)), AttemptResult.NotSent },
        new object[] { ForwarderError.RequestTimedOut, ConnectTimeout, AttemptResult.NotSent },
        new object[] { ForwarderError.Request, ConnectTimeout, AttemptResult.NotSent },
        new object[] { ForwarderError.RequestTimedOut, new TaskCanceledException(), AttemptResult.Slow },
        new object[] { ForwarderError.Request, new HttpRequestException(HttpRequestError.ResponseEnded), AttemptResult.Broken },
        new object[] { ForwarderError.Request, new HttpRequestException("", new HttpProtocolException(2, "", null)), AttemptResult.Broken },
        new object[] { ForwarderError.Request, new TaskCanceledException(), AttemptResult.Broken },
        new object[] { ForwarderError.RequestBodyDestination, new AggregateException(new IOException()), AttemptResult.Broken },
        new object[] { ForwarderError.ResponseBodyDestination, new IOException(), AttemptResult.Broken },
        new object[] { ForwarderError.ResponseBodyClient, new IOException(), AttemptResult.Unjudged },
        new object[] { ForwarderError.NoAvailableDestinations, null!, AttemptResult.Unjudged },
    ];

    [TestCaseSource(nameof(Failures))]
    public void Of_ForwarderError_IsJudged(object error, Exception? exception, object expected)
    {
        var context = Context((ForwarderError)error, exception);

        Assert.That(AttemptJudge.Of(context), Is.EqualTo(expected));
    }

    [Test]
    public void Of_ConnectionBreaks_DependsOnWhetherTheMessageWasTaken()
    {
        var context = Context(ForwarderError.Request, new HttpRequestException("broken between headers and body"));
        var rpc = new RpcFeature(null!, 0);
        context.Features.Set(rpc);
        Assert.That(AttemptJudge.Of(context), Is.EqualTo(AttemptResult.NotSent));

        rpc.Left();

        Assert.That(AttemptJudge.Of(context), Is.EqualTo(AttemptResult.Broken));
    }

    private static DefaultHttpContext Context(ForwarderError error, Exception? exception)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        return context;
    }

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
