using System.Threading.RateLimiting;

namespace Gateway.Proxy.Limits;

/// <summary>Lets a rate limiter count one partition in Redis.</summary>
internal sealed class SharedRateLimiter(RedisTokenBucket bucket, string name, string partition, RateLimit limit) : RateLimiter
{
    /// <summary>It keeps nothing, so it may be thrown away at any time.</summary>
    public override TimeSpan? IdleDuration => TimeSpan.MaxValue;

    public override RateLimiterStatistics? GetStatistics() => null;

    /// <summary>Nothing is decided without asking Redis, which only the asynchronous way does.</summary>
    protected override RateLimitLease AttemptAcquireCore(int permitCount) => new TokenLease(isAcquired: false, null);

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        TokenLease.Of(await bucket.TakeAsync(name, partition, limit, cancellationToken), limit);
}

/// <summary>What became of asking for a token.</summary>
internal sealed class TokenLease(bool isAcquired, TimeSpan? retryAfter) : RateLimitLease
{
    public override bool IsAcquired => isAcquired;

    public override IEnumerable<string> MetadataNames => retryAfter is null ? [] : [MetadataName.RetryAfter.Name];

    /// <param name="wait">Zero when there was a token, else how long until there is; null when Redis did not answer.</param>
    /// <param name="limit">The limit.</param>
    public static TokenLease Of(TimeSpan? wait, RateLimit limit) => wait switch
    {
        null => new(limit.WhenRedisFails == StoreFailure.Allow, null),
        { Ticks: 0 } => new(isAcquired: true, null),
        _ => new(isAcquired: false, wait),
    };

    public override bool TryGetMetadata(string metadataName, out object? metadata)
    {
        metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
        return metadata is not null;
    }
}
