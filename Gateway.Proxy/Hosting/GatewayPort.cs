using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Hosting;

/// <summary>Marks the connections that came in by a port of one purpose, whatever its number and whatever their Host header says.</summary>
internal sealed class GatewayPort
{
    /// <summary>The port for WebSockets, and the one with TLS.</summary>
    public static readonly GatewayPort WebSocket = new();

    /// <summary>The port of health checks, metrics and administration. The endpoints that answer there are marked too.</summary>
    public static readonly GatewayPort Management = new();

    /// <summary>The port of sub-services that push.</summary>
    public static readonly GatewayPort Push = new();

    private GatewayPort()
    {
    }

    public void Mark(KestrelPort port) => port.Use(next => connection =>
    {
        connection.Features.Set(this);
        return next(connection);
    });

    /// <summary>
    /// Splits the requests of this port from all others, so that endpoints are routed apart. Comes before anything else sees a request.
    /// </summary>
    public void Serve(WebApplication app, Action<IApplicationBuilder> configure)
    {
        var branch = new ApplicationBuilder(app.Services);
        configure(branch);
        var handle = branch.Build();
        app.Use(next => context =>
        {
            if (!IsUsedBy(context))
            {
                return next(context);
            }

            // The routes of clients have been matched by now, which does not count here.
            context.SetEndpoint(null);
            context.Request.RouteValues.Clear();
            return handle(context);
        });
    }

    public bool IsUsedBy(HttpContext context) => context.Features.Get<GatewayPort>() == this;
}
