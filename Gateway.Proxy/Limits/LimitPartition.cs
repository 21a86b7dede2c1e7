using System.Net;
using System.Net.Sockets;
using Gateway.Transforms.Rpc;

namespace Gateway.Proxy.Limits;

/// <summary>Finds who a request counts for.</summary>
internal static class LimitPartition
{
    private const int NetworkBytes = 8;

    public static string Of(LimitScope scope, HttpContext context) => scope switch
    {
        LimitScope.User when RpcCall.FindUser(context) is { } user => user,
        LimitScope.Global => "all",
        _ => Of(context.Connection.RemoteIpAddress),
    };

    /// <summary>An IPv4 address is one client, or an office; of IPv6, whoever has one address has the 64 bits behind it as well.</summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, NetworkBytes, bytes.Length - NetworkBytes);
        return $"{new IPAddress(bytes)}/64";
    }
}
