using System.Threading.RateLimiting;

namespace Gateway.Proxy.Limits;

/// <summary>Lets a rate limiter count one partition in Redis.</summary>
internal sealed class SharedRateLimiter(RedisTokenBucket bucket, string name, string partition, RateLimit limit) : RateLimiter
{
    /// <summary>It keeps nothing, so it may be thrown away at any time.</summary>
    public override TimeSpan? IdleDuration => TimeSpan.MaxValue;

    public override RateLimiterStatistics? GetStatistics() => null;

    /// <summary>Nothing is decided without asking Redis, which only the asynchronous way does.</summary>
    protected override RateLimitLease AttemptAcquireCore(int permitCount) => new Lease(isAcquired: false, null);

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        await bucket.TakeAsync(name, partition, limit, cancellationToken) switch
        {
            null => new Lease(limit.WhenRedisFails == StoreFailure.Allow, null),
            { Ticks: 0 } => new Lease(isAcquired: true, null),
            { } wait => new Lease(isAcquired: false, wait),
        };

    private sealed class Lease(bool isAcquired, TimeSpan? retryAfter) : RateLimitLease
    {
        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => retryAfter is null ? [] : [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
            return metadata is not null;
        }
    }
}
