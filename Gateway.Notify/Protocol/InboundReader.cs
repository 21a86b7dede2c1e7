using System.Buffers;
using System.Net.WebSockets;

namespace Gateway.Notify.Protocol;

/// <summary>
/// Reads whole messages from a socket, up to a limit. While a client is silent, which is nearly always, it holds no buffer: it waits
/// with an empty one.
/// </summary>
internal readonly struct InboundReader(WebSocket socket, int maxMessage)
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
        if (Refusal(first.MessageType) is { } refusal)
        {
            return refusal;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var (length, emptyParts) = (0, 0);
            while (true)
            {
                // Never for more than shows that the message is too long: a client that sees no use in sending the rest may have stopped.
                var wanted = Math.Min(buffer.Length - length, maxMessage + 1 - length);
                var part = await socket.ReceiveAsync(buffer.AsMemory(length, wanted), CancellationToken.None);
                if (Refusal(part.MessageType) is { } late)
                {
                    return late;
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

    /// <summary>Text is refused before it is read, so that it makes no difference whether it is valid.</summary>
    private static CloseReason? Refusal(WebSocketMessageType type) => type switch
    {
        WebSocketMessageType.Binary => null,
        WebSocketMessageType.Close => CloseReason.ClientClosed,
        _ => CloseReason.NotBinary,
    };

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}

/// <summary>What a client says on one socket, and what follows from it.</summary>
internal interface IConversation
{
    /// <summary>Whether the client has shown a valid session and been let in.</summary>
    bool IsJoined { get; }

    /// <summary>Before the first message: lets a client in whose upgrade has said enough. Returns why the socket is to be closed, or null.</summary>
    ValueTask<CloseReason?> BeginAsync() => default;

    /// <summary>Takes one message of the client; returns why the socket is to be closed, or null.</summary>
    ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message);
}
