using System.Globalization;
using System.Threading.RateLimiting;
using Gateway.Transforms.Rpc;

namespace Gateway.Proxy.Limits;

/// <summary>Counts requests by the value of a field.</summary>
/// <param name="name">The name of the limit.</param>
/// <param name="limit">The limit.</param>
/// <param name="bucket">Counts for all gateways together.</param>
/// <param name="time">The clock of what this gateway counts alone.</param>
internal sealed class FieldRateLimiter(string name, RateLimit limit, RedisTokenBucket bucket, TimeProvider time) : PartitionedRateLimiter<HttpContext>
{
    private readonly FieldCounters _counters = new(limit, time);

    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => null;

    /// <summary>Nothing is decided without asking Redis, which only the asynchronous way does.</summary>
    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount) => new TokenLease(isAcquired: false, null);

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(HttpContext resource, int permitCount, CancellationToken cancellationToken)
    {
        var slot = SlotOf(resource);
        return limit.Shared ? TakeSharedAsync(slot, cancellationToken) : new(TokenLease.Of(_counters.Take(slot), limit));
    }

    private async ValueTask<RateLimitLease> TakeSharedAsync(int slot, CancellationToken cancellationToken) =>
        TokenLease.Of(await bucket.TakeAsync(name, slot.ToString("x5", CultureInfo.InvariantCulture), limit, cancellationToken), limit);

    private int SlotOf(HttpContext context)
    {
        var value = RpcCall.ReadField(context, limit.Field);
        // All of them on one counter would let anybody lock out whoever leaves the field out, and none at all would be a way around the limit.
        return value.IsEmpty ? FieldSlot.OfAddress(LimitPartition.Of(context.Connection.RemoteIpAddress)) : FieldSlot.Of(value);
    }
}

/// <summary>
/// A token bucket for each slot, as the time at which it will be full again: eight bytes, and memory only for those about which something was counted.
/// </summary>
internal sealed class FieldCounters(RateLimit limit, TimeProvider time)
{
    private const int PageSize = 1 << 10;

    private readonly long[]?[] _pages = new long[]?[FieldSlot.Count / PageSize];

    /// <summary>How long it takes for one token to come back, as a timestamp.</summary>
    private readonly long _interval = Math.Max(1, (long)(limit.Window.TotalSeconds * time.TimestampFrequency / limit.Permit));

    /// <summary>Takes one token. Zero when there was one, else how long until there is.</summary>
    public TimeSpan Take(int slot)
    {
        ref var full = ref PageOf(slot)[slot % PageSize];
        while (true)
        {
            var now = time.GetTimestamp();
            var before = Volatile.Read(ref full);
            var after = Math.Max(before, now) + _interval;
            var wait = after - now - (_interval * limit.Permit);
            if (wait > 0)
            {
                return time.GetElapsedTime(0, wait);
            }

            if (Interlocked.CompareExchange(ref full, after, before) == before)
            {
                return TimeSpan.Zero;
            }
        }
    }

    private long[] PageOf(int slot)
    {
        ref var page = ref _pages[slot / PageSize];
        return Volatile.Read(ref page) ?? Interlocked.CompareExchange(ref page, new long[PageSize], null) ?? page;
    }
}
