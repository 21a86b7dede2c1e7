using System.Buffers.Binary;
using System.Text;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Support;

/// <summary>A WebSocket client that writes its frames byte by byte, also such as no library would.</summary>
internal sealed class RawSocket : IDisposable
{
    public const byte Fin = 0x80;
    public const byte Continuation = 0;
    public const byte Text = 1;
    public const byte Binary = 2;
    public const byte Close = 8;
    public const byte Ping = 9;
    public const byte Pong = 10;

    private readonly RawClient _client;

    private RawSocket(RawClient client) => _client = client;

    /// <summary>Upgrades, and shows no session.</summary>
    public static async Task<RawSocket> OpenAsync(Uri address, string? subprotocol = null)
    {
        var protocols = subprotocol is null ? "" : $"Sec-WebSocket-Protocol: {subprotocol}\r\n";
        var client = await RawClient.ConnectAsync(address);
        await client.SendAsync(
            $"GET /ws HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{protocols}\r\n");
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        return new RawSocket(client);
    }

    public Task JoinAsync(string session) => SendAsync(Fin | Binary, new ClientAuthenticationReq { SessionId = session }.ToByteArray());

    /// <summary>Sends one frame.</summary>
    /// <param name="head">FIN, the reserved bits and the opcode.</param>
    /// <param name="payload">Masked with zeros, so it goes out as it is.</param>
    public Task SendAsync(int head, byte[] payload) => SendAsync(Frame(head, payload));

    /// <summary>Sends bytes that need be no frame.</summary>
    public Task SendAsync(byte[] bytes) => _client.SendAsync(bytes);

    public static byte[] Frame(int head, byte[] payload)
    {
        if (payload.Length < 126)
        {
            return [(byte)head, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
        }

        if (payload.Length <= ushort.MaxValue)
        {
            var length = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
            return [(byte)head, 0x80 | 126, .. length, 0, 0, 0, 0, .. payload];
        }

        var longLength = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(longLength, (ulong)payload.Length);
        return [(byte)head, 0x80 | 127, .. longLength, 0, 0, 0, 0, .. payload];
    }

    /// <summary>The payload of a close frame.</summary>
    public static byte[] CloseOf(int code, string text = "") => [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(text)];

    /// <summary>Reads one frame of the server: its first byte, and what it holds.</summary>
    public async Task<(byte Head, byte[] Payload)> ReadAsync()
    {
        var (head, length) = await ReadHeadAsync();
        return (head, await ReadPayloadAsync(length));
    }

    /// <summary>Reads the beginning of a frame: its first byte, and how long the payload is that follows.</summary>
    public async Task<(byte Head, int Length)> ReadHeadAsync()
    {
        var start = await _client.ReadBytesAsync(2);
        return (start[0], start[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await _client.ReadBytesAsync(sizeof(ushort))),
            127 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(await _client.ReadBytesAsync(sizeof(ulong)))),
            var length => length,
        });
    }

    public Task<byte[]> ReadPayloadAsync(int length) => _client.ReadBytesAsync(length);

    /// <summary>Reads up to the server's close frame, past anything else; returns its code.</summary>
    public async Task<int> ReadCloseAsync()
    {
        while (true)
        {
            var (head, payload) = await ReadAsync();
            if (head == (Fin | Close))
            {
                return payload.Length == 0 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
            }
        }
    }

    public void Dispose() => _client.Dispose();
}
