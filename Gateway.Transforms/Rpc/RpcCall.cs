using System.Globalization;
using Gateway.Transforms.Errors;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Rpc;

/// <summary>What a host's own steps in the pipeline may know of a call, and do to it.</summary>
public static class RpcCall
{
    /// <summary>Who is calling; null on routes that ask nobody, and before identity is known.</summary>
    public static string? FindUser(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<RpcFeature>()?.UserId;
    }

    /// <summary>The timestamp at which the call came in; null on routes without the transform <c>Rpc</c>.</summary>
    public static long? FindStart(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<RpcFeature>()?.StartedAt;
    }

    /// <summary>What the end of the call says about the instance that was called.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exception">What the forwarder met while it passed the answer on; null for nothing.</param>
    public static CallFault FindFault(HttpContext context, Exception? exception)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (exception as AnswerException ?? exception?.InnerException as AnswerException)?.Fault
            ?? context.Features.Get<RpcFeature>()?.Fault ?? CallFault.None;
    }

    /// <summary>The call as one that may be sent again; null on routes without the transform <c>Rpc</c>.</summary>
    public static IReplayableCall? FindReplayable(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<RpcFeature>();
    }

    /// <summary>
    /// Whether a sub-service has certainly done nothing with a request that got no answer: there was no connection, it broke before the
    /// message had left, or the peer refused the request unread.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="exception">What the forwarder met; null for nothing.</param>
    public static bool IsUnsent(HttpContext context, Exception? exception)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SendFailure.IsNotSent(exception) || context.Features.Get<RpcFeature>() is { HasLeft: false };
    }

    /// <summary>
    /// Refuses a call. The caller of this must not go on to the next step. On an RPC route the client reads a message, on any other
    /// route it gets the outcome's HTTP status.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="outcome">How the call ends.</param>
    /// <param name="reason">Why, for the log only.</param>
    /// <param name="retryAfter">When trying again makes sense; null when nobody knows.</param>
    public static void Refuse(HttpContext context, RpcOutcome outcome, string reason, TimeSpan? retryAfter = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (retryAfter is { } pause)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(pause.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (context.Features.Get<RpcFeature>() is { } rpc)
        {
            rpc.Fail(outcome, reason);
        }
        else
        {
            context.Response.StatusCode = OutcomeTexts.Of(outcome).HttpStatus;
        }
    }
}
