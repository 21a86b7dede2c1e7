using System.Buffers;
using System.Net.WebSockets;

namespace Gateway.Notify.Protocol;

/// <summary>
/// Reads whole messages from a socket, up to a limit. While a client is silent, which is nearly always, it holds no buffer: it waits
/// with an empty one.
/// </summary>
internal sealed class InboundReader(WebSocket socket, int maxMessage)
{
    private const int FirstBuffer = 1 << 10;

    /// <summary>Empty fragments that are taken within one message. Nobody needs them, none adds to its length, and each costs work.</summary>
    private const int MaxEmptyParts = 16;

    /// <summary>Waits until the client says something.</summary>
    /// <exception cref="WebSocketException">The connection broke, or the client broke the WebSocket protocol.</exception>
    public ValueTask<ValueWebSocketReceiveResult> WaitAsync() => socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);

    /// <summary>
    /// Reads the message that <see cref="WaitAsync"/> has seen begin, and hands it over; its bytes are only valid during that call. Returns why
    /// the socket is to be closed, or null.
    /// </summary>
    /// <exception cref="WebSocketException">The connection broke, or the client broke the WebSocket protocol.</exception>
    public async ValueTask<CloseReason?> ReadAsync(ValueWebSocketReceiveResult first, IConversation conversation)
    {
        if (first.MessageType == WebSocketMessageType.Close)
        {
            return CloseReason.ClientClosed;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var (length, emptyParts) = (0, 0);
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                if (part.MessageType != WebSocketMessageType.Binary)
                {
                    return part.MessageType == WebSocketMessageType.Close ? CloseReason.ClientClosed : CloseReason.NotBinary;
                }

                if (part is { Count: 0, EndOfMessage: false } && ++emptyParts > MaxEmptyParts)
                {
                    return CloseReason.TooManyMessages;
                }

                length += part.Count;
                if (length > maxMessage)
                {
                    return CloseReason.TooBig;
                }

                if (part.EndOfMessage)
                {
                    return await conversation.OnMessageAsync(buffer.AsMemory(0, length));
                }

                if (length == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
