using System.Buffers;
using System.Net.WebSockets;
using Gateway.Notify.Protocol;
using Gateway.Notify.Takeover;

namespace Gateway.Notify.Connections;

/// <summary>
/// Writes messages to a socket, one after the other. Where the connection's output is at hand each goes out as one frame past the
/// <see cref="WebSocket"/>, whose own frames, pongs and the close, go the same way.
/// </summary>
internal readonly struct MessageWriter(WebSocket socket, SocketOutput? output)
{
    /// <exception cref="WebSocketException">The socket has ended.</exception>
    /// <exception cref="IOException">The client is gone.</exception>
    public ValueTask WriteAsync(Outbound message) =>
        // The socket itself says best why it takes nothing any more.
        output is null || socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived) ? WriteToSocketAsync(message)
        : message is { Event: { } shared, Head.IsEmpty: true } ? output.SendAsync(shared.Frame)
        : WriteFrameAsync(message, output);

    private async ValueTask WriteToSocketAsync(Outbound message)
    {
        if (!message.Head.IsEmpty)
        {
            await socket.SendAsync(message.Head, WebSocketMessageType.Binary, endOfMessage: message.Event is null, CancellationToken.None);
        }

        if (message.Event is not null)
        {
            await socket.SendAsync(message.Body, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        }
    }

    private static async ValueTask WriteFrameAsync(Outbound message, SocketOutput output)
    {
        var frame = ArrayPool<byte>.Shared.Rent(BinaryFrame.HeaderLength(message.Length) + message.Length);
        try
        {
            var start = BinaryFrame.WriteHeader(frame, message.Length);
            message.Head.CopyTo(frame.AsMemory(start));
            message.Body.CopyTo(frame.AsMemory(start + message.Head.Length));
            await output.SendAsync(frame.AsMemory(0, start + message.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }
}
