using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Reporting;

/// <summary>What a host that exports metrics has to name.</summary>
public static class CallMeters
{
    public static IReadOnlyList<string> Names { get; } = [RpcMetrics.MeterName];
}
