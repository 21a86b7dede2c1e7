using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Bench.Load;

/// <summary>
/// A client of the notify hub, plain or of gateway.notify.v2, written by hand so that ten thousand of them cost less than the gateway they
/// measure. It takes unfragmented messages, which is what the events here are.
/// </summary>
internal sealed class Socket : IDisposable
{
    private const int BinaryFrame = 0x82;
    private const int Close = 0x88;
    private const int Ping = 0x89;
    private const int Pong = 0x8a;
    private const int Masked = 0x80;
    private const int LengthInTwoBytes = 126;
    private const int LengthInEightBytes = 127;
    private const int Window = 64 << 10;

    private readonly System.Net.Sockets.Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[512];
    private int _filled;
    private bool _isExtended;

    /// <summary>Whether the gateway has said that events may be lost. It says so to extended clients.</summary>
    public bool WasToldToReload { get; set; }

    /// <summary>Connects and shows the session of a person. An extended client also waits until it is let in, which no plain one is told.</summary>
    public static async Task<Socket> JoinAsync(Candidate gateway, int person, bool isExtended = false)
    {
        var socket = new Socket { _isExtended = isExtended };
        var protocol = isExtended ? "Sec-WebSocket-Protocol: gateway.notify.v2\r\n" : "";
        await socket._socket.ConnectAsync(IPAddress.Loopback, gateway.WebSocketPort!.Value);
        await socket._socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{gateway.WebSocketPort}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n{protocol}\r\n"));
        var read = await socket._socket.ReceiveAsync(socket._buffer);
        if (!Encoding.ASCII.GetString(socket._buffer, 0, read).StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The socket was refused: {Encoding.ASCII.GetString(socket._buffer, 0, read)}");
        }

        var hello = isExtended
            ? new ClientFrame { Hello = new Hello { SessionId = People.Session(person) } }.ToByteArray()
            : new ClientAuthenticationReq { RequestId = "r", SessionId = People.Session(person) }.ToByteArray();
        // A mask of zeros masks as well as any other.
        await socket._socket.SendAsync((byte[])[BinaryFrame, (byte)(Masked | hello.Length), 0, 0, 0, 0, .. hello]);
        if (isExtended && ServerFrame.Parser.ParseFrom(await socket.ReceivePayloadAsync(CancellationToken.None)) is not { FrameCase: ServerFrame.FrameOneofCase.Welcome })
        {
            throw new InvalidOperationException("An extended client was not welcomed.");
        }

        return socket;
    }

    /// <summary>The next event.</summary>
    public async Task<NotifyMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var payload = await ReceivePayloadAsync(cancellationToken);
            if (!_isExtended)
            {
                return NotifyMessage.Parser.ParseFrom(payload);
            }

            var frame = ServerFrame.Parser.ParseFrom(payload);
            if (frame.Event?.Notify is { } notify)
            {
                return notify;
            }

            WasToldToReload |= frame.Resumed is { Resumed_: false };
        }
    }

    /// <summary>Receives an event that must be the expected one, byte for byte, without ever holding all of it.</summary>
    public async Task ReceiveSameAsync(ReadOnlyMemory<byte> expected, CancellationToken cancellationToken)
    {
        while (_filled < 10)
        {
            await FillAsync(cancellationToken);
        }

        if (_buffer[0] != BinaryFrame || _buffer[1] != LengthInEightBytes || BinaryPrimitives.ReadUInt64BigEndian(_buffer.AsSpan(2)) != (ulong)expected.Length)
        {
            throw new InvalidOperationException("A socket got something else than the large event.");
        }

        var start = 10;
        _buffer = _buffer.Length < Window ? [.. _buffer, .. new byte[Window - _buffer.Length]] : _buffer;
        for (var rest = expected; ; start = 0)
        {
            var length = Math.Min(_filled - start, rest.Length);
            if (!_buffer.AsSpan(start, length).SequenceEqual(rest.Span[..length]))
            {
                throw new InvalidOperationException("A socket got a large event with wrong bytes.");
            }

            rest = rest[length..];
            Drop(start + length);
            if (rest.IsEmpty)
            {
                return;
            }

            await FillAsync(cancellationToken);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReceivePayloadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (TryTake() is var (kind, payload))
            {
                if (kind == BinaryFrame)
                {
                    return payload;
                }

                await _socket.SendAsync((byte[])[Pong, (byte)(Masked | payload.Length), 0, 0, 0, 0, .. payload], cancellationToken);
            }

            await FillAsync(cancellationToken);
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
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

    private void Drop(int length)
    {
        _buffer.AsSpan(length, _filled - length).CopyTo(_buffer);
        _filled -= length;
    }

    /// <summary>The next frame of less than 64 KiB, an event or a ping, if it is there as a whole.</summary>
    private (int Kind, byte[] Payload)? TryTake()
    {
        if (_filled < 2)
        {
            return null;
        }

        var kind = _buffer[0];
        if (kind == Close && _filled > 4)
        {
            throw new InvalidOperationException($"The gateway closed a socket: {BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(2))} {Encoding.UTF8.GetString(_buffer, 4, _filled - 4)}");
        }

        if (kind is not (BinaryFrame or Ping) || _buffer[1] == LengthInEightBytes)
        {
            throw new InvalidOperationException($"A frame begins with {kind:x2}, so it is neither a small event nor a ping.");
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
        Drop(start + length);
        return (kind, payload);
    }
}
