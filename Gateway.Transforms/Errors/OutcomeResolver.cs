using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Errors;

/// <summary>Finds out how a call ended, from what our own steps said, what YARP says, and what was thrown.</summary>
internal static class OutcomeResolver
{
    /// <summary>After the pipeline has run to its end.</summary>
    public static RpcOutcome Of(HttpContext context, RpcFeature rpc)
    {
        if (rpc.Outcome is { } named and not RpcOutcome.Ok)
        {
            return named;
        }

        if (context.Features.Get<IForwarderErrorFeature>() is { } error)
        {
            return Of(context, error);
        }

        return rpc.Outcome ?? RpcOutcome.Internal;
    }

    /// <summary>After something was thrown; null for what nobody expected.</summary>
    public static RpcOutcome? Of(HttpContext context, Exception exception) => exception switch
    {
        OperationCanceledException when context.RequestAborted.IsCancellationRequested => OfCancellation(context),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RpcOutcome.TooLarge,
        BadHttpRequestException => RpcOutcome.BadRequest,
        ClientGoneException => OfCancellation(context),
        IOException when context.RequestAborted.IsCancellationRequested => OfCancellation(context),
        _ => null,
    };

    private static RpcOutcome Of(HttpContext context, IForwarderErrorFeature forwarder) => forwarder.Error switch
    {
        // Before the token is looked at: YARP has cut the connection itself, so that the client sees a broken answer.
        ForwarderError.ResponseBodyDestination => RpcOutcome.SubServiceFailed,
        _ when context.RequestAborted.IsCancellationRequested => OfCancellation(context),
        ForwarderError.NoAvailableDestinations => RpcOutcome.NoInstance,
        ForwarderError.Request or ForwarderError.RequestTimedOut when RpcCall.IsUnsent(context, forwarder.Exception) => RpcOutcome.NoInstance,
        ForwarderError.RequestTimedOut => RpcOutcome.TimedOut,
        ForwarderError.RequestCreation => RpcOutcome.Internal,
        ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient => RpcOutcome.ClientGone,
        _ => RpcOutcome.SubServiceFailed,
    };

    /// <summary>Both the deadline and a client that hangs up cancel the same token.</summary>
    private static RpcOutcome OfCancellation(HttpContext context) =>
        context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested is true
            ? RpcOutcome.TimedOut
            : RpcOutcome.ClientGone;
}
