using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy.Resilience;

/// <summary>Finds out what became of an attempt, from what YARP says and what our own steps saw in the answer.</summary>
internal static class AttemptJudge
{
    /// <summary>HTTP/2's REFUSED_STREAM: the peer has done nothing with this request (RFC 9113, section 8.7).</summary>
    private const long RefusedStream = 7;

    public static AttemptResult Of(HttpContext context) =>
        context.Features.Get<IForwarderErrorFeature>() is { } error ? Of(context, error) : Of(RpcCall.FindFault(context, null), context.Response.StatusCode);

    private static AttemptResult Of(HttpContext context, IForwarderErrorFeature failure) => failure.Error switch
    {
        // Before the token is looked at: YARP has cut the connection itself, so that the client sees a broken answer.
        ForwarderError.ResponseBodyDestination => RpcCall.FindFault(context, failure.Exception) is var fault and not CallFault.None ? Of(fault, 0) : AttemptResult.Broken,
        _ when context.RequestAborted.IsCancellationRequested => IsOverdue(context) ? AttemptResult.Slow : AttemptResult.Unjudged,
        ForwarderError.Request or ForwarderError.RequestBodyDestination when IsNotSent(failure.Exception) || RpcCall.IsUnsent(context) => AttemptResult.NotSent,
        ForwarderError.RequestTimedOut => IsConnectTimeout(failure.Exception) ? AttemptResult.NotSent : AttemptResult.Slow,
        ForwarderError.Request or ForwarderError.RequestBodyDestination => AttemptResult.Broken,
        _ => AttemptResult.Unjudged,
    };

    /// <param name="fault">What was seen in the answer of an RPC.</param>
    /// <param name="status">The status of any other answer.</param>
    private static AttemptResult Of(CallFault fault, int status) => fault switch
    {
        CallFault.Unavailable => AttemptResult.Unavailable,
        CallFault.Slow => AttemptResult.Slow,
        CallFault.Broken => AttemptResult.Broken,
        CallFault.Garbled => AttemptResult.Garbled,
        _ => status == StatusCodes.Status503ServiceUnavailable ? AttemptResult.Unavailable : AttemptResult.Answered,
    };

    /// <summary>Both the deadline and a client that hangs up cancel the same token.</summary>
    private static bool IsOverdue(HttpContext context) =>
        context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested is true;

    /// <summary>
    /// There was no connection, or the peer refused the request on it without looking at it. In the second case the handler wants to send
    /// it again by itself and asks for the body a second time, which YARP answers with an InvalidOperationException. All others of these
    /// are thrown before anything is sent.
    /// </summary>
    private static bool IsNotSent(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        HttpProtocolException { ErrorCode: RefusedStream } or InvalidOperationException => true,
        AggregateException several => several.InnerExceptions.Any(IsNotSent),
        OperationCanceledException => IsConnectTimeout(exception),
        { InnerException: { } inner } => IsNotSent(inner),
        _ => false,
    };

    /// <summary>The handler says so with a TimeoutException inside; the end of the request's own time has none.</summary>
    private static bool IsConnectTimeout(Exception? exception) => exception is OperationCanceledException { InnerException: TimeoutException };
}
