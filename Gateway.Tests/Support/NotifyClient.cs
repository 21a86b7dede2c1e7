using System.Net.WebSockets;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Support;

/// <summary>A plain client of the notify hub, as deployed ones are: it shows its session and then only listens.</summary>
internal sealed class NotifyClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket;

    private NotifyClient(ClientWebSocket socket) => _socket = socket;

    public WebSocketState State => _socket.State;

    /// <summary>The code of the server's close frame; null while none has come.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    /// <summary>Connects without saying anything.</summary>
    public static async Task<NotifyClient> OpenAsync(Uri address, Action<ClientWebSocketOptions>? configure = null)
    {
        var socket = new ClientWebSocket();
        configure?.Invoke(socket.Options);
        await socket.ConnectAsync(address, CancellationToken.None).DefaultTimeout();
        return new NotifyClient(socket);
    }

    /// <summary>Connects and shows a session.</summary>
    public static async Task<NotifyClient> JoinAsync(Uri address, string sessionId)
    {
        var client = await OpenAsync(address);
        await client.SendAsync(new ClientAuthenticationReq { RequestId = "r", SessionId = sessionId }.ToByteArray());
        return client;
    }

    public async Task SendAsync(byte[] message, WebSocketMessageType type = WebSocketMessageType.Binary) =>
        await _socket.SendAsync(message, type, endOfMessage: true, CancellationToken.None).DefaultTimeout();

    public async Task<NotifyMessage> ReceiveAsync() => NotifyMessage.Parser.ParseFrom(await ReceiveRawAsync());

    /// <summary>The next message, byte for byte.</summary>
    public async Task<byte[]> ReceiveRawAsync()
    {
        var bytes = await ReceiveBytesAsync().DefaultTimeout();
        Assert.That(bytes, Is.Not.Null, $"The socket was closed with {CloseCode}");
        return bytes!;
    }

    /// <summary>Reads until the server closes; returns its code and text.</summary>
    public async Task<(int Code, string? Text)> ReceiveCloseAsync()
    {
        var bytes = await ReceiveBytesAsync().DefaultTimeout();
        Assert.That(bytes, Is.Null, "An event came instead of a close frame");
        return ((int)_socket.CloseStatus!, _socket.CloseStatusDescription);
    }

    public async Task CloseAsync() =>
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None).DefaultTimeout();

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return default;
    }

    private async Task<byte[]?> ReceiveBytesAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
                return null;
            }

            Assert.That(part.MessageType, Is.EqualTo(WebSocketMessageType.Binary));
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}
