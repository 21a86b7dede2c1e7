using System.Net;
using System.Net.Sockets;

namespace Gateway.Notify;

/// <summary>Whom a limit by client address counts as one client, for sockets and for calls alike.</summary>
public static class ClientNetwork
{
    private const int NetworkBytes = 8;

    /// <summary>An IPv4 address is one client, or an office. Of IPv6 it is the /64: whoever has one address has the 64 bits behind it as well.</summary>
    /// <returns>The IPv4 address, however it was written, or the first address of the /64.</returns>
    public static IPAddress Of(IPAddress client)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (client.AddressFamily == AddressFamily.InterNetwork || client.IsIPv4MappedToIPv6)
        {
            return client.MapToIPv4();
        }

        var bytes = client.GetAddressBytes();
        Array.Clear(bytes, NetworkBytes, bytes.Length - NetworkBytes);
        return new IPAddress(bytes);
    }
}
