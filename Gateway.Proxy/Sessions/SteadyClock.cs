using Microsoft.Extensions.Internal;

namespace Gateway.Proxy.Sessions;

/// <summary>A clock for the cache that only ever moves on, whatever becomes of the machine's time of day.</summary>
internal sealed class SteadyClock(TimeProvider time) : ISystemClock
{
    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly long _start = time.GetTimestamp();

    public DateTimeOffset UtcNow => _began + time.GetElapsedTime(_start);
}
