using System.Net.Sockets;
using System.Text;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Support;

/// <summary>A client below WebSocket level that reads nothing at all, so that even TCP comes to a stop.</summary>
internal sealed class DeafClient : IDisposable
{
    private readonly TcpClient _tcp;

    private DeafClient(TcpClient tcp) => _tcp = tcp;

    /// <summary>Asks for the upgrade and does not wait for the answer.</summary>
    public static async Task<DeafClient> OpenAsync(Uri address)
    {
        var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync(address.Host, address.Port);
        var client = new DeafClient(tcp);
        await client.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        return client;
    }

    public static async Task<DeafClient> JoinAsync(Uri address, string session)
    {
        var client = await OpenAsync(address);
        var payload = new ClientAuthenticationReq { SessionId = session }.ToByteArray();
        // One binary frame, masked with zeros.
        await client.WriteAsync([0x82, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]);
        return client;
    }

    public async Task WriteAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes);

    public void Dispose() => _tcp.Dispose();
}
