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
    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<RpcFeature>() is { } rpc ? InvokeRpcAsync(context, rpc) : next(context);

    private async Task InvokeRpcAsync(HttpContext context, RpcFeature rpc)
    {
        if (!RpcContent.IsMessage(context.Request))
        {
            rpc.Fail(RpcOutcome.UnsupportedContent, "content type or encoding of the request");
            return;
        }

        // 1. Read the body, bounded, and walk it.
        var body = await RequestBody.ReadAsync(context, rpc.Route.MaxRequestBytes);
        var scan = MessageScanner.Scan(body.Buffer, rpc.Route.Fields);
        rpc.Received(body, scan);
        if (body.IsTooLarge)
        {
            rpc.Fail(RpcOutcome.TooLarge, $"more than {rpc.Route.MaxRequestBytes} bytes");
            _ = rpc.RequestId;
            await body.DiscardAsync(context, rpc.Route.MaxRequestBytes + options.Value.MaxDiscardedRequest);
            return;
        }

        if (scan.Problem is not null)
        {
            rpc.Fail(RpcOutcome.BadRequest, scan.Problem);
            return;
        }

        // 2. Ask whose session it is.
        string? userId = null;
        if (rpc.Route.Session == SessionMode.Required)
        {
            userId = await AuthenticateAsync(context, rpc, body.Buffer, scan.SessionId);
            if (userId is null)
            {
                return;
            }
        }

        // 3. Write the answer into the message.
        rpc.Admit(userId, UserIdInjector.Inject(body.Buffer, scan.UserIds, rpc.Route.Fields.UserId, userId));
        await next(context);
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
