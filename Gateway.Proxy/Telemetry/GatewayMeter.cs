namespace Gateway.Proxy.Telemetry;

/// <summary>The meter of everything that this project counts.</summary>
internal static class GatewayMeter
{
    public const string Name = "Gateway.Proxy";
}
