using System.Net;
using System.Net.Sockets;

namespace ChatDemo.Hosting;

/// <summary>Looks whether the ports can be had before anything starts, when it is still known which option is about which.</summary>
internal static class DemoPorts
{
    /// <summary>Returns the port for the gateway's page for its operators, and those on which sub-services push: by gRPC, and as JSON.</summary>
    /// <exception cref="StartException">A port cannot be had.</exception>
    public static (int Management, int Push, int PushJson) Check(DemoOptions options)
    {
        List<TcpListener> listeners = [];
        try
        {
            // Held until all are there, so that none is given out twice.
            listeners.Add(Listen(options.HttpPort, "--http-port"));
            if (options.WebSocketPort != options.HttpPort)
            {
                listeners.Add(Listen(options.WebSocketPort, "--ws-port"));
            }

            if (!options.Smoke)
            {
                listeners.Add(Listen(options.PagePort, "--page-port"));
            }

            listeners.Add(options.ManagementPort is { } asked
                ? Listen(asked, "--management-port")
                : TryListen(Math.Min(Math.Max(options.HttpPort, options.WebSocketPort) + 1, IPEndPoint.MaxPort), out _) ?? Listen(0, "--management-port"));
            // Nobody else asks for these, so any will do.
            listeners.Add(ListenAnywhere());
            listeners.Add(ListenAnywhere());
            return (PortOf(listeners[^3]), PortOf(listeners[^2]), PortOf(listeners[^1]));
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static TcpListener Listen(int port, string option) =>
        TryListen(port, out var failure) ?? throw new StartException(
            $"Port {port} cannot be had: {failure!.Message}. Stop the program that has it, or use another port: {option}.", failure);

    private static TcpListener ListenAnywhere() =>
        TryListen(0, out var failure) ?? throw new StartException($"No free port is left: {failure!.Message}.", failure);

    private static TcpListener? TryListen(int port, out SocketException? failure)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            failure = null;
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            failure = e;
            return null;
        }
    }
}
