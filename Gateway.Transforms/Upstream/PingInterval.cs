namespace Gateway.Transforms.Upstream;

/// <summary>
/// How often the connections to one destination may be pinged. A server that complains of pings is pinged half as often from then on:
/// https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md.
/// </summary>
/// <param name="interval">As the settings say; null for never.</param>
internal sealed class PingInterval(TimeSpan? interval)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private long _ticks = interval?.Ticks ?? 0;

    public TimeSpan? Current => Volatile.Read(ref _ticks) is > 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    public void SlowDown() => Volatile.Write(ref _ticks, Math.Min(_ticks * 2, Longest.Ticks));
}
