using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Hosting;

/// <summary>Marks the connections that came in by a port of one purpose, whatever its number and whatever their Host header says.</summary>
internal sealed class GatewayPort
{
    /// <summary>The port for WebSockets, and the one with TLS.</summary>
    public static readonly GatewayPort WebSocket = new();

    /// <summary>The port of health checks, metrics and administration. The endpoints that answer there are marked too.</summary>
    public static readonly GatewayPort Management = new();

    private GatewayPort()
    {
    }

    public void Mark(KestrelPort port) => port.Use(next => connection =>
    {
        connection.Features.Set(this);
        return next(connection);
    });

    public bool IsUsedBy(HttpContext context) => context.Features.Get<GatewayPort>() == this;
}
