using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Proxy.Hosting;

/// <summary>
/// Lets a closed HTTP/2 connection end. When a client opens and resets streams faster than the server's queue of output takes them, Kestrel
/// cuts the connection, but waits for ever for the streams that the queue had no room for: the connection would count into
/// <see cref="ServerLimits.MaxConnections"/> from then on. So the server waits for HTTP/2 no longer than this class lets it.
/// </summary>
internal sealed partial class ConnectionEnd(TimeProvider time, ILogger<ConnectionEnd> logger)
{
    /// <summary>The time that requests get to notice that their client has gone. One that needs longer still runs to its end, but nobody waits for it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Serves a connection by <paramref name="next"/>.</summary>
    /// <param name="next">The rest of the way, with HTTP at its end.</param>
    /// <param name="connection">One connection.</param>
    /// <param name="protocols">What its port speaks.</param>
    public async Task RunAsync(ConnectionDelegate next, ConnectionContext connection, HttpProtocols protocols)
    {
        var http = next(connection);
        await http.WaitAsync(connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!http.IsCompleted && IsHttp2(connection, protocols))
        {
            await http.WaitAsync(Grace, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!http.IsCompleted)
            {
                Log.Abandoned(logger, connection.ConnectionId);
                return;
            }
        }

        await http;
    }

    /// <summary>
    /// Whether HTTP/2 is spoken; with TLS it is known after the handshake. A request of HTTP/1.1 reads and writes the connection itself, which must
    /// not end under it; one of HTTP/2 has buffers of its own, and what reads and writes the connection stops when it closes.
    /// </summary>
    public static bool IsHttp2(ConnectionContext connection, HttpProtocols protocols)
    {
        try
        {
            return protocols == HttpProtocols.Http2
                || (connection.Features.Get<ITlsApplicationProtocolFeature>() is { } tls && tls.ApplicationProtocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span));
        }
        catch (ObjectDisposedException)
        {
            // The handshake has failed, and with it goes what it was about.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1410, LogLevel.Debug, "HTTP/2 did not end with its connection {ConnectionId}, which is let go of.", EventName = "ConnectionAbandoned")]
        public static partial void Abandoned(ILogger logger, string connectionId);
    }
}
