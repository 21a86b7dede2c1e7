using System.Buffers;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Identity;

/// <summary>
/// Reads the request once, finds out who sent it, and writes that into the message. Runs before load balancing, so that a refused
/// request takes no instance's turn.
/// </summary>
internal sealed class IdentityMiddleware(
    RequestDelegate next, ISessionStore sessions, SessionIdForm sessionIds, IOptions<RpcOptions> options)
{
    /// <summary>Bodies up to this length are held whole, in bytes.</summary>
    private const long HeldLength = 128 << 10;

    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<RpcFeature>() is { } rpc ? InvokeRpcAsync(context, rpc) : next(context);

    /// <summary>
    /// Mostly the body has come with the headers. Then nothing is waited for, and nothing of this step is kept while those behind it run.
    /// </summary>
    private Task InvokeRpcAsync(HttpContext context, RpcFeature rpc)
    {
        var admitting = AdmitAsync(context, rpc);
        return admitting.IsCompletedSuccessfully ? GoOnAsync(context, admitting.Result) : WaitAsync(context, admitting);
    }

    private async Task WaitAsync(HttpContext context, ValueTask<bool> admitting) => await GoOnAsync(context, await admitting);

    private Task GoOnAsync(HttpContext context, bool isAdmitted) => isAdmitted ? next(context) : Task.CompletedTask;

    /// <summary>False when the call has been failed.</summary>
    private async ValueTask<bool> AdmitAsync(HttpContext context, RpcFeature rpc)
    {
        if (!RpcContent.IsMessage(context.Request))
        {
            rpc.Fail(RpcOutcome.UnsupportedContent, "content type or encoding of the request");
            return false;
        }

        // 1. Read the body, bounded, and walk it.
        var (body, scan) = await ReadAsync(context, rpc.Route);
        rpc.Received(body, scan);
        if (body.IsTooLarge)
        {
            rpc.Fail(RpcOutcome.TooLarge, $"more than {rpc.Route.MaxRequestBytes} bytes");
            _ = rpc.RequestId;
            await body.DiscardAsync(context, rpc.Route.MaxRequestBytes + options.Value.MaxDiscardedRequest);
            return false;
        }

        if (body.IsWhole && scan.Problem is not null)
        {
            rpc.Fail(RpcOutcome.BadRequest, scan.Problem);
            return false;
        }

        // 2. Ask whose session it is.
        string? userId = null;
        if (rpc.Route.Session == SessionMode.Required)
        {
            userId = await AuthenticateAsync(context, rpc, body.Buffer, scan.SessionId);
            if (userId is null)
            {
                return false;
            }
        }

        // 3. Write the answer into the message.
        var field = rpc.Route.Fields.UserId;
        if (body.IsWhole)
        {
            rpc.Admit(userId, UserIdInjector.Inject(body.Buffer, scan.UserIds, field, userId), rest: null);
        }
        else
        {
            var beginning = UserIdInjector.Inject(body.Buffer, scan.UserIds, field, userId: null);
            rpc.Admit(userId, beginning, Rest(context, rpc.Route, body, scan, userId is null ? default : UserIdInjector.Encode(field, userId)));
        }

        return true;
    }

    /// <summary>
    /// Reads the whole body; or only its beginning, where that says who is asking and the rest may be passed on as it comes: its length
    /// is known, nobody has to parse it here, and it begins in the middle of a large value.
    /// </summary>
    private static async ValueTask<(RequestBody Body, MessageScan Scan)> ReadAsync(HttpContext context, RpcRoute route)
    {
        var length = context.Request.ContentLength;
        var enough = length is not null && route.Source is null ? HeldLength : long.MaxValue;
        var body = await RequestBody.ReadAsync(context, route.MaxRequestBytes, enough);
        var scan = MessageScanner.Scan(body.Buffer, route.Fields);
        if (body.IsWhole || body.IsTooLarge)
        {
            return (body, scan);
        }

        var knowsWho = route.Session == SessionMode.Anonymous || !scan.SessionId.IsAbsent;
        if (knowsWho && !scan.Open.IsAbsent && scan.Open.End <= length)
        {
            return (body, scan);
        }

        await body.ReadMoreAsync(context, route.MaxRequestBytes, long.MaxValue);
        return (body, MessageScanner.Scan(body.Buffer, route.Fields));
    }

    private static BodyRest Rest(HttpContext context, RpcRoute route, RequestBody body, in MessageScan scan, ReadOnlyMemory<byte> userId)
    {
        var held = body.Buffer.Length;
        return new BodyRest(body, new MessageWalker(route.Fields, scan.Open.End - held), context.Request.ContentLength!.Value - held, userId);
    }

    /// <summary>The user id; null when the call has been failed.</summary>
    private async ValueTask<string?> AuthenticateAsync(
        HttpContext context, RpcFeature rpc, ReadOnlySequence<byte> message, FieldRange sessionId)
    {
        if (sessionIds.Read(message, sessionId) is not { } id)
        {
            rpc.Fail(RpcOutcome.SessionInvalid, sessionId.IsAbsent ? "no session id" : "a session id of impossible form");
            return null;
        }

        var session = await sessions.FindUserAsync(id, context.RequestAborted);
        if (session.UserId is null)
        {
            rpc.Fail(
                session.StoreAnswered ? RpcOutcome.SessionInvalid : RpcOutcome.SessionStoreDown,
                session.StoreAnswered ? "no such session" : "the session store did not answer");
        }

        return session.UserId;
    }
}
