using System.Net.WebSockets;
using Google.Protobuf;

namespace Gateway.Chaos.Hub;

/// <summary>The socket of a client of either kind.</summary>
internal sealed class HubSocket : IDisposable
{
    private const string Extended = "gateway.notify.v2";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>One for all: each socket that had its own would cost as much again.</summary>
    private static readonly HttpMessageInvoker Invoker = new(new SocketsHttpHandler { UseProxy = false });

    private readonly ClientWebSocket _socket;
    private byte[] _buffer = new byte[512];

    private HubSocket(ClientWebSocket socket) => _socket = socket;

    /// <summary>The code with which the server has closed it; null while it has not.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    /// <summary>What breaks a socket, on either side.</summary>
    public static bool IsBreak(Exception exception) =>
        exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or HttpRequestException or TimeoutException;

    public static async Task<HubSocket> OpenAsync(Uri address, bool isExtended)
    {
        var socket = new ClientWebSocket();
        if (isExtended)
        {
            socket.Options.AddSubProtocol(Extended);
        }

        try
        {
            using var limit = new CancellationTokenSource(Limit);
            await socket.ConnectAsync(address, Invoker, limit.Token);
            return new HubSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(IMessage message) => _socket.SendAsync(message.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

    /// <summary>The next message, until the one after it; null when the server closes instead.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        for (var length = 0; ;)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
                return null;
            }

            if (part.EndOfMessage)
            {
                return _buffer.AsMemory(0, length);
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * length);
            }
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken) => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);

    /// <summary>Breaks the connection, unless it has been closed.</summary>
    public void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
    }
}
