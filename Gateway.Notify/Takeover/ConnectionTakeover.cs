using System.IO.Pipelines;
using System.Net.Sockets;
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
    private readonly HttpHeartbeat? _heartbeat;
    private readonly SocketOutput? _output;
    private readonly HttpOutputPipe? _httpOutput;
    private ServeSocket? _serve;
    private WebSocketCreationOptions? _options;

    /// <summary>Puts itself between the connection and HTTP, which is about to begin.</summary>
    public ConnectionTakeover(ConnectionContext connection)
    {
        _connection = connection;
        _transport = connection.Transport;
        if (BareSocket(connection) is { } socket)
        {
            _output = new SocketOutput(socket);
            _httpOutput = new HttpOutputPipe(connection, _output);
        }

        connection.Transport = new HttpTransport(new HttpReader(_transport.Input, this), _httpOutput?.Writer ?? new HttpWriter(_transport.Output, this));
        connection.Features.Set(this);
        if (connection.Features.Get<IConnectionHeartbeatFeature>() is { } heartbeat)
        {
            _heartbeat = new HttpHeartbeat(heartbeat);
            connection.Features.Set<IConnectionHeartbeatFeature>(_heartbeat);
        }
    }

    /// <summary>Whether frames can be written beside the socket, pings among them.</summary>
    public bool HasOutput => _output is not null;

    /// <summary>Whether the connection is to outlive HTTP, which then must not end it.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>What can take this request's connection over; null where that can't be done, as with HTTP/2, whose connections are shared.</summary>
    public static ConnectionTakeover? Of(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } ? context.Features.Get<ConnectionTakeover>() : null;

    /// <summary>Answers 101. The <c>WebSocket</c> that ASP.NET makes for it reads and writes through the request, so it is left unused: it has no timer, and ends with the request.</summary>
    public static Task AcceptAsync(HttpContext context, string? subprotocol) =>
        context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = subprotocol, KeepAliveInterval = Timeout.InfiniteTimeSpan });

    /// <summary>After 101: once the request has ended, <paramref name="serve"/> is given the socket.</summary>
    public void Take(WebSocketCreationOptions options, ServeSocket serve)
    {
        IsTaken = true;
        _options = options;
        _serve = serve;
    }

    /// <summary>HTTP has ended, whichever way: the connection is as it was before.</summary>
    public async Task DetachHttpAsync()
    {
        if (_httpOutput is not null)
        {
            await _httpOutput.EndAsync();
        }

        _connection.Transport = _transport;
    }

    /// <summary>Serves the socket if the connection has become one.</summary>
    public Task ContinueAsync()
    {
        if (_serve is not { } serve || _options is not { } options)
        {
            return Task.CompletedTask;
        }

        _heartbeat?.Stop();
        _connection.Features.Set<ConnectionTakeover>(null);
        var stream = new TransportStream(_connection, _output);
        return serve(stream.Socket = WebSocket.CreateFromStream(stream, options), stream, _connection.ConnectionClosed);
    }

    /// <summary>The system's socket, if what is written to the connection goes out as it is; null with TLS.</summary>
    private static Socket? BareSocket(ConnectionContext connection) =>
        connection.Features.Get<ITlsHandshakeFeature>() is null ? connection.Features.Get<IConnectionSocketFeature>()?.Socket : null;
}

/// <summary>Serves a socket to its end.</summary>
/// <param name="socket">The socket.</param>
/// <param name="bare">The bare connection that the socket is upon; null where it is a request that has not ended.</param>
/// <param name="gone">Tells when the connection is gone.</param>
internal delegate Task ServeSocket(WebSocket socket, TransportStream? bare, CancellationToken gone);
