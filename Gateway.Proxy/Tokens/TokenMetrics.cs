using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Tokens;

/// <summary>How checks of tokens end, and readings of their keys.</summary>
internal sealed class TokenMetrics
{
    private readonly Counter<long> _checks;
    private readonly Counter<long> _reads;

    public TokenMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _checks = meter.CreateCounter<long>("gateway.token.checks", "{token}", "Tokens checked, by result.");
        _reads = meter.CreateCounter<long>("gateway.token.keys.reads", "{read}", "Readings of the keys of tokens, by result.");
    }

    public void Checked(string result) => _checks.Add(1, new KeyValuePair<string, object?>("result", result));

    public void KeysRead(bool isGood) => _reads.Add(1, new KeyValuePair<string, object?>("result", isGood ? "ok" : "failed"));
}
