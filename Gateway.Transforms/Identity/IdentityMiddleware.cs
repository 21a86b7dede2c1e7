using System.Buffers;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Identity;

/// <summary>
/// Reads the request once, finds out who sent it, and writes that into the message. Runs before load balancing, so that a refused
/// request takes no instance's turn.
/// </summary>
internal sealed class IdentityMiddleware(
    RequestDelegate next, ISessionStore sessions, SessionIdForm sessionIds, RequestBudget budget, CallMetadata metadata, TimeProvider time, ICookieOrigins? cookies = null)
{
    /// <summary>How far a body is read, step by step, before it is decided whether more of it has to be held.</summary>
    private static readonly long[] Steps = [RequestBody.UnknownHeldLength, RequestBody.HeldLength, long.MaxValue];

    /// <summary>Large requests come and go within seconds.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task InvokeAsync(HttpContext context)
    {
        metadata.RemoveClients(context.Request);
        return context.Features.Get<RpcFeature>() is { } rpc ? InvokeRpcAsync(context, rpc) : next(context);
    }

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

        var route = rpc.Route;
        var body = new RequestBody(context, budget);
        rpc.Received(body, default);

        // 1. Read as far as it takes to know whose session it is; mostly that is all of it.
        var step = 0;
        MessageScan scan;
        do
        {
            if (await ReadAsync(context, rpc, body, Steps[step++]) is not { } seen)
            {
                return false;
            }

            scan = seen;
        }
        while (!body.IsWhole && route.Session == SessionMode.Required && scan.SessionId.IsAbsent && IsSoughtInBody(context, route)
            && (body.Buffer.Length < RequestBody.HeldLength || route.HoldsBeforeSession));

        // 2. Ask whose session it is, before more is read.
        string? userId = null;
        if (route.Session == SessionMode.Required)
        {
            userId = await AuthenticateAsync(context, rpc, body.Buffer, scan.SessionId);
            if (userId is null)
            {
                return false;
            }

            body.Identify();
        }

        // 3. Read the rest, unless it may be passed on as it comes.
        while (!body.IsWhole && (body.Buffer.Length < RequestBody.HeldLength || !CanPassOn(context, route, scan)))
        {
            if (await ReadAsync(context, rpc, body, Steps[step++]) is not { } seen)
            {
                return false;
            }

            scan = seen;
        }

        if (HasOtherSession(context, route, body.Buffer, scan.SessionId))
        {
            rpc.Fail(RpcOutcome.BadRequest, ShownSession.TwoSessions);
            return false;
        }

        // 4. Write the answer into the message.
        var field = userId is null ? default : route.Fields.UserIdField(userId);
        if (body.IsWhole)
        {
            var message = UserIdInjector.Inject(body.Buffer, scan.UserIds, field);
            if (route.Events is { } events && !MessageCheck.IsSound(message, events.Request.Type))
            {
                // Before the sub-service acts on what nobody could be told of.
                rpc.Fail(RpcOutcome.BadRequest, MessageProblems.Within);
                return false;
            }

            rpc.Admit(userId, message, remainder: null);
        }
        else
        {
            var beginning = UserIdInjector.Inject(body.Buffer, scan.UserIds, userId: default);
            rpc.Admit(userId, beginning, RemainderOf(context, route, body, scan, field));
        }

        return true;
    }

    /// <summary>Reads the body further, and scans what is held of it; null when the call has been failed.</summary>
    private static async ValueTask<MessageScan?> ReadAsync(HttpContext context, RpcFeature rpc, RequestBody body, long enough)
    {
        var limit = rpc.Route.MaxRequestBytes;
        await body.FillAsync(limit, enough);
        var scan = MessageScanner.Scan(body.Buffer, rpc.Route.Fields);
        rpc.Received(body, scan);
        if (!body.IsWhole)
        {
            // The bytes are given back when more is read, so the request id is taken out of them now.
            _ = rpc.RequestId;
        }

        if (body.IsTooLarge)
        {
            rpc.Fail(RpcOutcome.TooLarge, $"more than {limit} bytes");
            return null;
        }

        if (body.IsBeyondBudget)
        {
            RpcCall.Refuse(
                context,
                RpcOutcome.Overloaded,
                body.IsIdentified ? "large requests hold as much memory as they may" : "large requests of unknown senders hold as much memory as they may",
                RetryAfter);
            return null;
        }

        if (scan.Problem is not null && (body.IsWhole || !scan.IsCut || scan.Open.End > context.Request.ContentLength))
        {
            rpc.Fail(RpcOutcome.BadRequest, scan.Problem);
            return null;
        }

        return scan;
    }

    /// <summary>
    /// Whether the rest of a large body may be passed on as it comes: nobody has to parse it here, it begins in the middle of a large value, and
    /// its length is known, or need not be: a gRPC message begins with it.
    /// </summary>
    private static bool CanPassOn(HttpContext context, RpcRoute route, in MessageScan scan) =>
        route is { Events: null, Counted: null } && !scan.Open.IsAbsent && (context.Request.ContentLength is not null || NeedsNoLength(context));

    private static bool NeedsNoLength(HttpContext context)
    {
        RpcProtocols.TryGet(context.Features.Get<IReverseProxyFeature>()?.Cluster.Config, out var protocol, out _);
        return protocol == RpcProtocol.Http && context.GetEndpoint()?.Metadata.GetMetadata<ClusterChoice>() is null;
    }

    private BodyRemainder RemainderOf(HttpContext context, RpcRoute route, RequestBody body, in MessageScan scan, ReadOnlyMemory<byte> userId)
    {
        var held = body.Buffer.Length;
        var length = context.Request.ContentLength;
        return new BodyRemainder(
            body, new MessageWalker(route.Fields, scan.Open.End - held), (length ?? route.MaxRequestBytes) - held, isExact: length is not null, userId, time);
    }

    /// <summary>The user id; null when the call has been failed.</summary>
    private async ValueTask<string?> AuthenticateAsync(
        HttpContext context, RpcFeature rpc, ReadOnlySequence<byte> message, FieldRange sessionId)
    {
        if (FindSession(context, rpc, message, sessionId) is not { } id)
        {
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

    /// <summary>The session id or token; null when the call has been failed.</summary>
    private string? FindSession(HttpContext context, RpcFeature rpc, in ReadOnlySequence<byte> message, FieldRange sessionId)
    {
        var sources = rpc.Route.Sources;
        var isShown = sources.HasBody && !sessionId.IsAbsent;
        var session = isShown ? sessionIds.Read(message, sessionId) : null;
        if (sources.Outside.Count > 0)
        {
            var shown = ShownSession.Read(context.Request, sources, cookies);
            if (shown.Problem is not null)
            {
                rpc.Fail(shown.IsAmbiguous ? RpcOutcome.BadRequest : RpcOutcome.SessionInvalid, shown.Problem);
                return null;
            }

            if (shown.Session is { } outside)
            {
                if (isShown && sessionId.Length > 0 && session != outside)
                {
                    rpc.Fail(RpcOutcome.BadRequest, ShownSession.TwoSessions);
                    return null;
                }

                isShown = true;
                session = sessionIds.IsSessionId(outside) ? outside : null;
            }
        }

        if (session is null)
        {
            rpc.Fail(RpcOutcome.SessionInvalid, isShown ? "a session id of impossible form" : "no session id, or none in the first 128 KiB");
        }

        return session;
    }

    /// <summary>Whether more of a body is to be read for its session id: not when the request shows one elsewhere.</summary>
    private bool IsSoughtInBody(HttpContext context, RpcRoute route) =>
        route.Sources.HasBody && (route.Sources.Outside.Count == 0 || ShownSession.Read(context.Request, route.Sources, cookies).IsNothing);

    /// <summary>Whether a body, more of which was read since the sender is known, holds another session than the request shows elsewhere.</summary>
    private bool HasOtherSession(HttpContext context, RpcRoute route, in ReadOnlySequence<byte> message, FieldRange sessionId) =>
        route is { Session: SessionMode.Required, Sources: { HasBody: true, Outside.Count: > 0 } } && sessionId.Length > 0
        && ShownSession.Read(context.Request, route.Sources, cookies).Session is { } outside && sessionIds.Read(message, sessionId) != outside;
}
