using System.Net;
using System.Net.Sockets;
using Gateway.Notify;
using Gateway.Transforms.Rpc;

namespace Gateway.Proxy.Limits;

/// <summary>Finds who a request counts for.</summary>
internal static class LimitPartition
{
    public static string Of(LimitScope scope, HttpContext context) => scope switch
    {
        LimitScope.User when RpcCall.FindUser(context) is { } user => user,
        LimitScope.Global => "all",
        _ => Of(context.Connection.RemoteIpAddress),
    };

    /// <summary>The client at an address, as <see cref="ClientNetwork"/> sees it.</summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        var network = ClientNetwork.Of(address);
        return network.AddressFamily == AddressFamily.InterNetworkV6 ? $"{network}/64" : network.ToString();
    }
}
