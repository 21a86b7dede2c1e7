using Gateway.Transforms.Errors;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Verdicts;

/// <summary>Reads from what YARP says what became of an attempt on a route without the transform <c>Rpc</c>, and of one that never got to an instance.</summary>
internal static class OrdinaryVerdict
{
    /// <summary>After YARP's forwarder has passed an answer on.</summary>
    public static Verdict OfAnswer(int status) => status == StatusCodes.Status503ServiceUnavailable
        ? new Verdict(VerdictKind.Unavailable, RpcOutcome.NoInstance, Reach.Answered, Status: $"HTTP status {status}")
        : Verdict.Good;

    /// <summary>After YARP has said that something went wrong.</summary>
    /// <param name="http">The request.</param>
    /// <param name="failure">What YARP says.</param>
    /// <param name="isClientsTurn">Whether it was the client who was waited for.</param>
    public static Verdict OfFailure(HttpContext http, IForwarderErrorFeature failure, bool isClientsTurn = false) => failure.Error switch
    {
        ForwarderError.NoAvailableDestinations => NoDestination,
        // Before the token is looked at: YARP has cut the connection itself, so that the client sees a broken answer.
        ForwarderError.ResponseBodyDestination => Failed(VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.Answered, failure),
        ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient => CallVerdict.OfCancellation(http, Reach.PerhapsSent),
        ForwarderError.ResponseBodyClient => new(VerdictKind.Answered, RpcOutcome.ClientGone, Reach.Answered),
        _ when http.RequestAborted.IsCancellationRequested && !CallVerdict.IsOverdue(http) => CallVerdict.OfCancellation(http, Reach.PerhapsSent),
        ForwarderError.RequestCanceled or ForwarderError.RequestTimedOut or ForwarderError.ResponseBodyCanceled when isClientsTurn =>
            new(VerdictKind.Unjudged, RpcOutcome.TimedOut, Reach.PerhapsSent, "the time was over while the client was waited for"),
        // Also when the activity timeout of the cluster is over within the answer.
        ForwarderError.ResponseBodyCanceled => Failed(VerdictKind.Slow, RpcOutcome.TimedOut, Reach.Answered, failure),
        _ when http.RequestAborted.IsCancellationRequested => Failed(VerdictKind.Slow, RpcOutcome.TimedOut, Reach.PerhapsSent, failure),
        ForwarderError.Request or ForwarderError.RequestBodyDestination or ForwarderError.RequestTimedOut when CallVerdict.IsUnsent(failure.Exception) =>
            Failed(VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent, failure),
        ForwarderError.RequestTimedOut => Failed(VerdictKind.Slow, RpcOutcome.TimedOut, Reach.PerhapsSent, failure),
        ForwarderError.Request or ForwarderError.RequestBodyDestination => Failed(VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.PerhapsSent, failure),
        _ => Failed(VerdictKind.Unjudged, RpcOutcome.Internal, Reach.PerhapsSent, failure),
    };

    /// <summary>There is none to send the request to.</summary>
    public static Verdict NoDestination { get; } = new(VerdictKind.Unjudged, RpcOutcome.NoInstance, Reach.NotSent, "no destination of the cluster is available");

    /// <summary>A step ended the request and did not say why.</summary>
    public static Verdict Unknown { get; } = new(VerdictKind.Unjudged, RpcOutcome.Internal, Reach.NotSent, "no step said how the call ended");

    private static Verdict Failed(VerdictKind kind, RpcOutcome outcome, Reach reach, IForwarderErrorFeature failure) =>
        new(kind, outcome, reach, failure.Exception?.GetBaseException().Message ?? failure.Error.ToString());
}
