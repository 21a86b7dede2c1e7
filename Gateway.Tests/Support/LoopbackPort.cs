using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

internal static class LoopbackPort
{
    /// <summary>A port nobody listens on at this moment, for a server that must be told its port.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
