using System.Net.WebSockets;

namespace Gateway.Notify.Takeover;

/// <summary>Serves a socket to its end.</summary>
/// <param name="socket">The socket.</param>
/// <param name="bare">The bare connection that the socket is upon; null where it is a request that has not ended.</param>
/// <param name="gone">Tells when the connection is gone.</param>
internal delegate Task ServeSocket(WebSocket socket, TransportStream? bare, CancellationToken gone);
