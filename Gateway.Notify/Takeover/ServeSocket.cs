using System.Net.WebSockets;

namespace Gateway.Notify.Takeover;

/// <summary>Serves a socket to its end.</summary>
/// <param name="socket">The socket.</param>
/// <param name="output">Takes whole frames beside those that the socket writes itself; null where only the socket can write.</param>
/// <param name="gone">Tells when the connection is gone.</param>
internal delegate Task ServeSocket(WebSocket socket, SocketOutput? output, CancellationToken gone);
