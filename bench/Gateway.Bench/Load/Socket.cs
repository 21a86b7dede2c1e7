using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Bench.Load;

/// <summary>
/// A plain client of the notify hub, written by hand so that ten thousand of them cost less than the gateway they measure. It takes
/// unfragmented messages of less than 64 KiB, which is what the events here are.
/// </summary>
internal sealed class Socket : IDisposable
{
    private const int BinaryFrame = 0x82;
    private const int Ping = 0x89;
    private const int Pong = 0x8a;
    private const int Masked = 0x80;
    private const int LengthInTwoBytes = 126;

    private readonly System.Net.Sockets.Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[512];
    private int _filled;

    /// <summary>Connects and shows the session of a person.</summary>
    public static async Task<Socket> JoinAsync(Candidate gateway, int person)
    {
        var socket = new Socket();
        await socket._socket.ConnectAsync(IPAddress.Loopback, gateway.WebSocketPort!.Value);
        await socket._socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{gateway.WebSocketPort}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"));
        var read = await socket._socket.ReceiveAsync(socket._buffer);
        if (!Encoding.ASCII.GetString(socket._buffer, 0, read).StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The socket was refused: {Encoding.ASCII.GetString(socket._buffer, 0, read)}");
        }

        var hello = new ClientAuthenticationReq { RequestId = "r", SessionId = People.Session(person) }.ToByteArray();
        // A mask of zeros masks as well as any other.
        await socket._socket.SendAsync((byte[])[BinaryFrame, (byte)(Masked | hello.Length), 0, 0, 0, 0, .. hello]);
        return socket;
    }

    /// <summary>The next event.</summary>
    public async Task<NotifyMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (TryTake() is var (kind, payload))
            {
                if (kind == BinaryFrame)
                {
                    return NotifyMessage.Parser.ParseFrom(payload);
                }

                await _socket.SendAsync((byte[])[Pong, (byte)(Masked | payload.Length), 0, 0, 0, 0, .. payload], cancellationToken);
            }

            if (_filled == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), cancellationToken);
            if (read == 0)
            {
                throw new InvalidOperationException("The gateway closed a socket.");
            }

            _filled += read;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The next frame, an event or a ping, if it is there as a whole.</summary>
    private (int Kind, byte[] Payload)? TryTake()
    {
        if (_filled < 2)
        {
            return null;
        }

        var kind = _buffer[0];
        if (kind is not (BinaryFrame or Ping))
        {
            throw new InvalidOperationException($"A frame begins with {kind:x2}, so it is neither an event nor a ping.");
        }

        var isLong = _buffer[1] == LengthInTwoBytes;
        if (isLong && _filled < 4)
        {
            return null;
        }

        var (start, length) = isLong ? (4, (_buffer[2] << 8) | _buffer[3]) : (2, _buffer[1]);
        if (_filled < start + length)
        {
            return null;
        }

        var payload = _buffer.AsSpan(start, length).ToArray();
        _buffer.AsSpan(start + length, _filled - start - length).CopyTo(_buffer);
        _filled -= start + length;
        return (kind, payload);
    }
}
