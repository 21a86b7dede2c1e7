namespace Gateway.Proxy.Operations;

/// <summary>Marks the connections that came in by the management port, whatever their Host header says, and the endpoints that answer there.</summary>
internal sealed class ManagementPort
{
    public static readonly ManagementPort Instance = new();

    public static bool IsUsedBy(HttpContext context) => context.Features.Get<ManagementPort>() is not null;
}
