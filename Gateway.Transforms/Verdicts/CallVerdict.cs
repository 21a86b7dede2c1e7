using Gateway.Transforms.Bodies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Gateway.Transforms.Verdicts;

/// <summary>Says what an exception means for an RPC call, by where the call stood.</summary>
internal static class CallVerdict
{
    /// <summary>Thrown while the request was read, or by a step that nobody expected to throw.</summary>
    public static Verdict OfRequest(HttpContext http, Exception exception) => exception switch
    {
        OperationCanceledException or IOException when exception is ClientGoneException || http.RequestAborted.IsCancellationRequested => OfCancellation(http, Reach.NotSent),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Verdict.Refused(RpcOutcome.TooLarge, exception.Message),
        BadHttpRequestException => Verdict.Refused(RpcOutcome.BadRequest, exception.Message),
        _ => Defect(exception, Reach.NotSent),
    };

    /// <summary>Thrown before the instance began to answer.</summary>
    /// <param name="http">The request.</param>
    /// <param name="remainder">What was still to come of the request; null for one that is whole.</param>
    /// <param name="reach">How far the request got, as far as the connection can tell.</param>
    /// <param name="exception">What was thrown.</param>
    public static Verdict OfSending(HttpContext http, BodyRemainder? remainder, Reach reach, Exception exception) => exception switch
    {
        AnswerException answer => answer.Verdict,
        _ when OfClient(http, remainder, reach) is { } verdict => verdict,
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => AboveLimit(exception),
        _ when (reach == Reach.NotSent && IsOfConnection(exception)) || IsUnsent(exception) => Unreachable(exception),
        _ when IsOfConnection(exception) => Broken(exception.GetBaseException().Message, reach),
        _ => Defect(exception, reach),
    };

    /// <summary>Thrown while the answer was read.</summary>
    public static Verdict OfAnswer(HttpContext http, BodyRemainder? remainder, Exception exception) => exception switch
    {
        AnswerException answer => answer.Verdict,
        _ when OfClient(http, remainder, Reach.Answered) is { } verdict => verdict,
        HttpIOException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => AboveLimit(exception),
        InvalidDataException => Broken($"the answer cannot be unpacked: {exception.Message}", Reach.Answered),
        _ when IsOfConnection(exception) => Broken($"the answer broke off: {exception.GetBaseException().Message}", Reach.Answered),
        _ => Defect(exception, Reach.Answered),
    };

    /// <summary>Nobody waits for the answer any more, for a reason that is not the instance's: both the deadline and a client that hangs up cancel the same token.</summary>
    public static Verdict OfCancellation(HttpContext http, Reach reach) => IsOverdue(http)
        ? new Verdict(VerdictKind.Unjudged, RpcOutcome.TimedOut, reach, "the route's time was over while the client or a limit was waited for")
        : new Verdict(VerdictKind.Unjudged, RpcOutcome.ClientGone, reach);

    public static bool IsOverdue(HttpContext http) =>
        http.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested is true;

    /// <summary>
    /// Whether the exception alone proves that an instance has done nothing with the request: there was no connection, or the peer refused it
    /// on one (HTTP/2's REFUSED_STREAM: RFC 9113, section 8.7).
    /// </summary>
    public static bool IsUnsent(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        HttpProtocolException { ErrorCode: RefusedStream } => true,
        // The handler's word for a connection that could not be made in time; whatever else is cancelled has no such cause.
        OperationCanceledException => exception.InnerException is TimeoutException,
        AggregateException several => several.InnerExceptions.Any(IsUnsent),
        { InnerException: { } inner } => IsUnsent(inner),
        _ => false,
    };

    private const long RefusedStream = 7;

    /// <summary>What became of the client's part of the call, or of the time for it; null when there is nothing to be said of these.</summary>
    private static Verdict? OfClient(HttpContext http, BodyRemainder? remainder, Reach reach) => remainder?.Failure switch
    {
        MalformedMessageException malformed => new Verdict(VerdictKind.Unjudged, RpcOutcome.BadRequest, reach, malformed.Message),
        { } failure => OfRequest(http, failure) with { Reach = reach },
        _ when !http.RequestAborted.IsCancellationRequested => null,
        _ => IsOverdue(http) && remainder is not { IsWaiting: true } ? Slow(reach) : OfCancellation(http, reach),
    };

    /// <summary>Cancellation counts as well: the handler cancels the sending of a message whose connection breaks, without a deadline being over.</summary>
    private static bool IsOfConnection(Exception exception) => exception is HttpRequestException or IOException or OperationCanceledException;

    private static Verdict Unreachable(Exception exception) =>
        new(VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent, exception.GetBaseException().Message);

    private static Verdict Broken(string reason, Reach reach) => new(VerdictKind.Broken, RpcOutcome.SubServiceFailed, reach, reason);

    private static Verdict Slow(Reach reach) => new(
        VerdictKind.Slow, RpcOutcome.TimedOut, reach, reach == Reach.Answered ? "no end of the answer in the route's time" : "no answer in the route's time");

    /// <summary>Headers or trailers of a length that the handler does not take. The call's own fault: the instance works.</summary>
    private static Verdict AboveLimit(Exception exception) =>
        new(VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered, exception.GetBaseException().Message);

    private static Verdict Defect(Exception exception, Reach reach) =>
        new(VerdictKind.Unjudged, RpcOutcome.Internal, reach, exception.Message) { Defect = exception };
}
