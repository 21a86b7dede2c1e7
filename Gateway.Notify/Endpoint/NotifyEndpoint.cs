using System.Net;
using System.Net.WebSockets;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Presence;
using Gateway.Notify.Protocol;
using Gateway.Notify.Takeover;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Endpoint;

/// <summary>Takes a WebSocket from its upgrade to its end.</summary>
internal sealed partial class NotifyEndpoint(
    IEventBus bus,
    OpenSockets open,
    ConnectionLimits limits,
    ISessionAuthenticator sessions,
    DepartureActions departures,
    NotifyDrain drain,
    NotifyMetrics metrics,
    IOptions<NotifyOptions> options,
    TimeProvider time,
    ILogger<NotifyEndpoint> logger)
{
    private readonly FirstMessage _first = new(FirstMessage.ParsePath(options.Value.SessionIdField)!);
    private readonly AllowedOrigins _origins = new(options.Value.AllowedOrigins);

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

        if (!_origins.Admits(context.Request))
        {
            Log.OriginRefused(logger, context.Request.Headers.Origin.ToString());
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (!UpgradeSession.TryRead(context, sessions, _origins, out var shown))
        {
            Log.SessionRefused(logger);
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

        // 2. Upgrade, and serve the socket to its end: upon the bare connection where that can be taken over.
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var subprotocol = offered.Contains(ExtendedFrames.Subprotocol) ? ExtendedFrames.Subprotocol
            : offered.Contains(ExtendedFrames.PlainSubprotocol) ? ExtendedFrames.PlainSubprotocol : null;
        if (ConnectionTakeover.Of(context) is { } takeover)
        {
            await ConnectionTakeover.AcceptAsync(context, subprotocol);
            var passed = place.Pass();
            takeover.Take(Options(subprotocol, takeover.HasOutput), (socket, bare, gone) => ServeAsync(socket, bare, passed, shown, gone));
            return;
        }

        await ServeAsync(await context.WebSockets.AcceptWebSocketAsync(subprotocol), bare: null, place.Pass(), shown, context.RequestAborted);
    }

    /// <param name="subprotocol">What the client and this node speak.</param>
    /// <param name="isPinged">By <c>SocketWatch</c>, so that the socket has no timer of its own.</param>
    private WebSocketCreationOptions Options(string? subprotocol, bool isPinged) => new()
    {
        IsServer = true,
        SubProtocol = subprotocol,
        KeepAliveInterval = isPinged ? Timeout.InfiniteTimeSpan : options.Value.PingInterval,
        KeepAliveTimeout = isPinged ? Timeout.InfiniteTimeSpan : options.Value.PingTimeout,
    };

    /// <param name="socket">The socket.</param>
    /// <param name="bare">The connection that it is upon, if it was taken over.</param>
    /// <param name="place">Stays taken to the end of the socket, which need not be the end of the request.</param>
    /// <param name="shown">The session that the upgrade has shown; null for none.</param>
    /// <param name="gone">Tells when the connection is gone.</param>
    private async Task ServeAsync(WebSocket socket, TransportStream? bare, ConnectionLimits.Place place, string? shown, CancellationToken gone)
    {
        using var taken = place;
        using var connection = new NotifyConnection(socket, socket.SubProtocol == ExtendedFrames.Subprotocol, options.Value, metrics, time, bare);
        using var listed = open.Add(connection);
        metrics.Opened();
        var reason = CloseReason.InternalError;
        var hasLeft = false;
        try
        {
            if (drain.IsDraining)
            {
                connection.Close(CloseReason.GoingAway);
            }

            reason = await connection.RunAsync(Converse(connection, shown, gone), LeaveAsync);
        }
        finally
        {
            metrics.Closed(reason.Code);
            Log.Closed(logger, connection.UserId, reason.Code, reason.Text);
            await LeaveAsync();
        }

        async Task LeaveAsync()
        {
            if (connection.UserId.Length > 0 && !hasLeft)
            {
                hasLeft = true;
                if (await bus.LeaveAsync(connection) is { } departure)
                {
                    await departures.SeeToAsync(departure, CancellationToken.None);
                }
            }
        }
    }

    private IConversation Converse(NotifyConnection connection, string? shown, CancellationToken gone)
    {
        var rate = new InboundRate(options.Value.MaxInboundRate, time);
        return connection.IsExtended
            ? new ExtendedConversation(connection, bus, sessions, rate, options.Value, shown, gone)
            : new PlainConversation(connection, _first, bus, sessions, rate, shown, gone);
    }

    private static partial class Log
    {
        [LoggerMessage(2000, LogLevel.Debug, "Socket of user '{UserId}' closed: {Code} {Reason}", EventName = "SocketClosed")]
        public static partial void Closed(ILogger logger, string userId, int code, string reason);

        [LoggerMessage(2001, LogLevel.Information, "Socket refused: pages of origin '{Origin}' are not in Gateway:Notify:AllowedOrigins", EventName = "OriginRefused")]
        public static partial void OriginRefused(ILogger logger, string origin);

        [LoggerMessage(2002, LogLevel.Warning, "Socket of {Address} refused: the node or this address has as many as it may", EventName = "SocketLimitReached")]
        public static partial void NodeFull(ILogger logger, IPAddress address);

        [LoggerMessage(2003, LogLevel.Debug, "Socket refused: its upgrade shows two sessions that differ, one that cannot be read, or a cookie from a page that is not allowed", EventName = "UpgradeSessionRefused")]
        public static partial void SessionRefused(ILogger logger);
    }
}
