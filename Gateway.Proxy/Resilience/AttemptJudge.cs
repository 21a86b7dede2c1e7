using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy.Resilience;

/// <summary>Finds out what became of an attempt, from what YARP says and what our own steps saw in the answer.</summary>
internal static class AttemptJudge
{
    public static AttemptResult Of(HttpContext context) =>
        context.Features.Get<IForwarderErrorFeature>() is { } error ? Of(context, error) : Of(RpcCall.FindFault(context, null), context.Response.StatusCode);

    private static AttemptResult Of(HttpContext context, IForwarderErrorFeature failure) => failure.Error switch
    {
        // Before the token is looked at: YARP has cut the connection itself, so that the client sees a broken answer.
        ForwarderError.ResponseBodyDestination => RpcCall.FindFault(context, failure.Exception) is var fault and not CallFault.None ? Of(fault, 0) : AttemptResult.Broken,
        _ when context.RequestAborted.IsCancellationRequested => IsOverdue(context) ? AttemptResult.Slow : AttemptResult.Unjudged,
        ForwarderError.Request or ForwarderError.RequestBodyDestination or ForwarderError.RequestTimedOut when RpcCall.IsUnsent(context, failure.Exception) => AttemptResult.NotSent,
        ForwarderError.RequestTimedOut => AttemptResult.Slow,
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
}
