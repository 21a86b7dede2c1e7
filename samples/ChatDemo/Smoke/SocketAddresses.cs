namespace ChatDemo.Smoke;

/// <summary>Where sockets may be opened; with a shared port the first and the last are the same.</summary>
/// <param name="Desktop"><c>/ws</c> on the WebSocket port.</param>
/// <param name="Web"><c>/</c> on the WebSocket port.</param>
/// <param name="HttpPort"><c>/ws</c> on the port of the requests.</param>
internal sealed record SocketAddresses(Uri Desktop, Uri Web, Uri HttpPort);
