using Gateway.Bench.Load;

namespace Gateway.Bench.Scenarios;

/// <summary>One turn of a candidate.</summary>
/// <param name="Cpu">CPU time of its processes per answer, in microseconds.</param>
/// <param name="Allocated">Bytes it allocated per answer; null when it does not tell.</param>
internal sealed record Round(WrkResult Load, double Cpu, double? Allocated);
