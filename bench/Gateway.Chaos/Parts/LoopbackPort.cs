using System.Net;
using System.Net.Sockets;

namespace Gateway.Chaos.Parts;

/// <summary>A port for a server that must be told its port before it listens.</summary>
internal static class LoopbackPort
{
    /// <summary>
    /// Below those that a system gives to clients (Linux: from 32,768), so that no connection opened meanwhile has taken it: beside thousands of
    /// sockets that happens to every other port that the system itself calls free.
    /// </summary>
    private const int First = 10_000;
    private const int Count = 22_000;

    private static int _turn = Random.Shared.Next(Count);

    /// <summary>One that nobody listens on at this moment, and that was not given out by this process for long.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref _turn) & int.MaxValue) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
