using System.Net.NetworkInformation;

namespace Gateway.Tests.Support;

/// <summary>Connections as the system sees them, whatever a server says of itself.</summary>
internal static class OpenConnections
{
    /// <summary>How many the servers at these addresses have not let go of.</summary>
    public static int Of(IEnumerable<string> urls)
    {
        var ports = urls.Select(url => new Uri(url).Port).ToHashSet();
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections().Count(connection =>
            connection.State is TcpState.Established or TcpState.CloseWait && ports.Contains(connection.LocalEndPoint.Port));
    }
}
