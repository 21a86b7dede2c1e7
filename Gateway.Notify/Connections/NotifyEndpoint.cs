using System.Net;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>Takes a WebSocket from its upgrade to its end.</summary>
internal sealed partial class NotifyEndpoint(
    IEventBus bus,
    OpenSockets open,
    ConnectionLimits limits,
    ISessionAuthenticator sessions,
    NotifyDrain drain,
    NotifyMetrics metrics,
    IOptions<NotifyOptions> options,
    TimeProvider time,
    ILogger<NotifyEndpoint> logger)
{
    public async Task HandleAsync(HttpContext context)
    {
        // 1. Refuse what can be refused before the upgrade, by HTTP status.
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        if (drain.IsDraining)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (!OriginCheck.IsAllowed(context.Request, options.Value.AllowedOrigins))
        {
            Log.OriginRefused(logger, context.Request.Headers.Origin.ToString());
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        using var place = limits.TryEnter(address);
        if (place is null)
        {
            Log.NodeFull(logger, address);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        // 2. Upgrade, and serve the socket to its end.
        var isExtended = context.WebSockets.WebSocketRequestedProtocols.Contains(ExtendedFrames.Subprotocol);
        var socket = await context.WebSockets.AcceptWebSocketAsync(isExtended ? ExtendedFrames.Subprotocol : null);
        using var connection = new NotifyConnection(socket, isExtended, options.Value, metrics, time);
        metrics.Opened();
        var reason = CloseReason.InternalError;
        try
        {
            reason = await ServeAsync(connection, context.RequestAborted);
        }
        finally
        {
            metrics.Closed(reason);
            Log.Closed(logger, connection.UserId, reason.Code, reason.Text);
        }
    }

    private async Task<CloseReason> ServeAsync(NotifyConnection connection, CancellationToken aborted)
    {
        var rate = new InboundRate(options.Value.MaxInboundRate, time);
        IConversation conversation = connection.IsExtended
            ? new ExtendedConversation(connection, bus, sessions, rate, options.Value, aborted)
            : new PlainConversation(connection, bus, sessions, rate, aborted);
        using var patience = time.CreateTimer(
            _ => CloseUnlessJoined(connection, conversation), null, options.Value.AuthenticationTimeout, Timeout.InfiniteTimeSpan);
        using var listed = open.Add(connection);
        if (drain.IsDraining)
        {
            connection.Close(CloseReason.GoingAway);
        }

        try
        {
            return await connection.RunAsync(conversation.OnMessageAsync, aborted);
        }
        finally
        {
            if (connection.UserId.Length > 0)
            {
                await bus.LeaveAsync(connection);
            }
        }
    }

    private static void CloseUnlessJoined(NotifyConnection connection, IConversation conversation)
    {
        if (!conversation.IsJoined)
        {
            connection.Close(CloseReason.AuthenticationTimeout);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2000, LogLevel.Debug, "Socket of user '{UserId}' closed: {Code} {Reason}", EventName = "SocketClosed")]
        public static partial void Closed(ILogger logger, string userId, int code, string reason);

        [LoggerMessage(2001, LogLevel.Information, "Socket refused: pages of origin '{Origin}' are not in Gateway:Notify:AllowedOrigins", EventName = "OriginRefused")]
        public static partial void OriginRefused(ILogger logger, string origin);

        [LoggerMessage(2002, LogLevel.Warning, "Socket of {Address} refused: the node or this address has as many as it may", EventName = "SocketLimitReached")]
        public static partial void NodeFull(ILogger logger, IPAddress address);
    }
}
