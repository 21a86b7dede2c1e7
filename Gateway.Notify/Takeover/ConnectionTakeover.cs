using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Notify.Takeover;

/// <summary>
/// Takes a connection over from HTTP once it has become a socket. The server would keep the request to the end of the socket, which may
/// be days: headers, contexts, buffers and state machines, more than half of what an idle socket costs. So the request ends with the
/// answer 101, the server lets go of it, and the socket goes on upon the bare connection.
/// </summary>
internal sealed class ConnectionTakeover
{
    private readonly ConnectionContext _connection;
    private readonly IDuplexPipe _transport;
    private readonly LentHeartbeat? _heartbeat;
    private Func<WebSocket, CancellationToken, Task>? _serve;
    private WebSocketCreationOptions? _options;

    /// <summary>Lends the connection to HTTP, which is about to begin.</summary>
    public ConnectionTakeover(ConnectionContext connection)
    {
        _connection = connection;
        _transport = connection.Transport;
        connection.Transport = new LentTransport(_transport, this);
        connection.Features.Set(this);
        if (connection.Features.Get<IConnectionHeartbeatFeature>() is { } heartbeat)
        {
            _heartbeat = new LentHeartbeat(heartbeat);
            connection.Features.Set<IConnectionHeartbeatFeature>(_heartbeat);
        }
    }

    /// <summary>Whether the connection is to outlive HTTP, which then must not end it.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>What can take this request's connection over; null where that can't be done, as with HTTP/2, whose connections are shared.</summary>
    public static ConnectionTakeover? Of(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } ? context.Features.Get<ConnectionTakeover>() : null;

    /// <summary>Answers 101. The socket that comes of this is upon the request, so it is left unused: it has no timer, and goes with the request.</summary>
    public static Task AcceptAsync(HttpContext context, string? subprotocol) =>
        context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = subprotocol, KeepAliveInterval = Timeout.InfiniteTimeSpan });

    /// <summary>After 101: once the request has ended, <paramref name="serve"/> is given the socket, and a token that tells when its connection is gone.</summary>
    public void Take(WebSocketCreationOptions options, Func<WebSocket, CancellationToken, Task> serve)
    {
        IsTaken = true;
        _options = options;
        _serve = serve;
    }

    /// <summary>HTTP has come to its end; serves the socket if it has become one.</summary>
    public Task ContinueAsync()
    {
        if (_serve is not { } serve || _options is not { } options)
        {
            return Task.CompletedTask;
        }

        (_serve, _options) = (null, null);
        _heartbeat?.Stop();
        _connection.Transport = _transport;
        _connection.Features.Set<ConnectionTakeover>(null);
        var stream = new TransportStream(_connection);
        return serve(stream.Socket = WebSocket.CreateFromStream(stream, options), _connection.ConnectionClosed);
    }
}
