namespace Gateway.Proxy.Hosting;

/// <summary>Marks the connections that came in by the WebSocket port, whatever its number and whatever their Host header says.</summary>
internal sealed class WebSocketPort
{
    public static readonly WebSocketPort Instance = new();

    public static bool IsUsedBy(HttpContext context) => context.Features.Get<WebSocketPort>() is not null;
}
