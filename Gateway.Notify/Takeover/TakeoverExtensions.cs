using Microsoft.AspNetCore.Connections;

namespace Gateway.Notify.Takeover;

/// <summary>Lets the hub take connections over from HTTP.</summary>
public static class TakeoverExtensions
{
    /// <summary>
    /// On connections of this port, sockets cost half the memory, and without TLS events are written straight to the system. Goes behind
    /// TLS. Other requests pay a virtual call for each read and another pipe for what they write, so it is meant for a port that has mostly sockets.
    /// </summary>
    public static void UseSocketTakeover(this IConnectionBuilder port)
    {
        ArgumentNullException.ThrowIfNull(port);
        port.Use(next => connection => RunAsync(next, connection));
    }

    /// <summary>A method of its own, so that nothing but the socket is held while that is served: what HTTP needed belongs to <see cref="RunHttpAsync"/>.</summary>
    private static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection) =>
        await (await RunHttpAsync(next, connection)).ContinueAsync();

    private static async Task<ConnectionTakeover> RunHttpAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var takeover = new ConnectionTakeover(connection);
        try
        {
            await next(connection);
        }
        finally
        {
            await takeover.DetachHttpAsync();
        }

        return takeover;
    }
}
