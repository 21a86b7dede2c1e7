using System.Threading.RateLimiting;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Lets each route's rate limit be asked in one of two places: before the body is read, for what can be known by then, and again when the user
/// is known. ASP.NET's own middleware would be needed twice, and each keeps a timer of ten ticks a second that nothing ends, not even the host's end.
/// </summary>
internal sealed class RateLimiting : IDisposable
{
    private readonly Dictionary<string, (LimitScope Per, PartitionedRateLimiter<HttpContext> Limiter)> _limits = new(StringComparer.Ordinal);
    private readonly RateLimitMetrics _metrics;

    public RateLimiting(IOptions<RateLimits> limits, RedisTokenBucket bucket, RateLimitMetrics metrics)
    {
        _metrics = metrics;
        foreach (var (name, limit) in limits.Value)
        {
            _limits.Add(name, (limit.Per, PartitionedRateLimiter.Create<HttpContext, string>(
                context => Partition(name, limit, LimitPartition.Of(limit.Per, context), bucket))));
        }
    }

    public Task BeforeTheBodyAsync(HttpContext context, RequestDelegate next) => InvokeAsync(context, next, isUserKnown: false);

    public Task AfterIdentityAsync(HttpContext context, RequestDelegate next) => InvokeAsync(context, next, isUserKnown: true);

    public void Dispose()
    {
        foreach (var (_, limiter) in _limits.Values)
        {
            limiter.Dispose();
        }
    }

    private Task InvokeAsync(HttpContext context, RequestDelegate next, bool isUserKnown) =>
        context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName is { } name
        && _limits.TryGetValue(name, out var limit) && limit.Per is LimitScope.User == isUserKnown
            ? InvokeAsync(context, next, name, limit.Limiter)
            : next(context);

    private async Task InvokeAsync(HttpContext context, RequestDelegate next, string name, PartitionedRateLimiter<HttpContext> limiter)
    {
        using var lease = await AcquireAsync(context, name, limiter);
        if (lease is null)
        {
            return;
        }

        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        _metrics.Refused(name);
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : (TimeSpan?)null;
        RpcCall.Refuse(context, RpcOutcome.RateLimited, "more requests than the rate limit of the route allows", wait);
    }

    /// <summary>Null when the client has gone, or its time is over, while it waited. The verdict on the call is made from the same token.</summary>
    private async ValueTask<RateLimitLease?> AcquireAsync(HttpContext context, string name, PartitionedRateLimiter<HttpContext> limiter)
    {
        var acquiring = limiter.AcquireAsync(context, cancellationToken: context.RequestAborted);
        if (acquiring.IsCompletedSuccessfully)
        {
            return acquiring.Result;
        }

        _metrics.Waits(name, 1);
        try
        {
            return await acquiring;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            _metrics.Waits(name, -1);
        }
    }

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
}
