using System.Net;
using System.Net.Sockets;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// A connection that ends when the machine at its other end is gone without a word. The system sees to that, below HTTP, so no server
/// can take it for abuse as it may pings.
/// </summary>
public static class WatchedSocket
{
    private const int IdleSeconds = 10;
    private const int ProbeSeconds = 5;
    private const int Probes = 3;

    // The number of the option in Linux (tcp(7)); .NET has no name for it.
    private const int UserTimeoutOption = 18;
    private const int UserTimeoutMilliseconds = 20_000;

    /// <summary>Connects to the first address of the host that takes the connection. The host's name is resolved anew each time.</summary>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            Watch(socket);
            await socket.ConnectAsync(host, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Watch(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
        {
            // Keep-alive stays silent while something sent is not acknowledged, and the system would go on sending that for a quarter of an hour.
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, UserTimeoutOption, BitConverter.GetBytes(UserTimeoutMilliseconds));
        }
    }
}
