using System.Threading.RateLimiting;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.RateLimiting;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Makes ASP.NET's policies of our settings. The limiter runs twice in the pipeline: before the body is read, for what can be known by
/// then, and again when the user is known. A policy limits in one of the two places and lets everything pass in the other.
/// </summary>
internal static class RateLimiting
{
    public static void AddPolicies(RateLimiterOptions options, RateLimits limits, RedisTokenBucket bucket, Func<LimitScope, bool> isHere)
    {
        options.OnRejected = RefuseAsync;
        foreach (var (name, limit) in limits)
        {
            options.AddPolicy(name, context => isHere(limit.Per)
                ? Partition(name, limit, LimitPartition.Of(limit.Per, context), bucket)
                : RateLimitPartition.GetNoLimiter(""));
        }
    }

    public static bool IsKnownBeforeTheBody(LimitScope scope) => scope is not LimitScope.User;

    public static bool IsKnownAfterIdentity(LimitScope scope) => scope is LimitScope.User;

    private static RateLimitPartition<string> Partition(string name, RateLimit limit, string partition, RedisTokenBucket bucket) =>
        limit.Shared
            ? RateLimitPartition.Get(partition, key => new SharedRateLimiter(bucket, name, key, limit))
            : RateLimitPartition.GetTokenBucketLimiter(partition, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = limit.Permit,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = limit.Window / limit.Permit,
                QueueLimit = limit.QueueLimit,
            });

    private static ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : (TimeSpan?)null;
        // The middleware has set a status of its own, which the reply of an RPC route replaces.
        RpcCall.Refuse(rejected.HttpContext, RpcOutcome.RateLimited, "more requests than the rate limit of the route allows", wait);
        return default;
    }
}
