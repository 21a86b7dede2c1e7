using System.Threading.RateLimiting;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Lets each rate limit of a route be asked in one of two places: before the body is read, for what can be known by then, and again when the user
/// and the message are known. ASP.NET's own middleware would be needed twice, and each keeps a timer of ten ticks a second that nothing ends, not even the host's end.
/// </summary>
internal sealed class RateLimiting : IDisposable
{
    private readonly Dictionary<string, Applied> _limits = new(StringComparer.Ordinal);
    private readonly RateLimitMetrics _metrics;

    public RateLimiting(IOptions<RateLimits> limits, RedisTokenBucket bucket, RateLimitMetrics metrics, TimeProvider time)
    {
        _metrics = metrics;
        foreach (var (name, limit) in limits.Value)
        {
            _limits.Add(name, new(name, limit.Per, limit.Per == LimitScope.Field
                ? new FieldRateLimiter(name, limit, bucket, time)
                : PartitionedRateLimiter.Create<HttpContext, string>(context => Partition(name, limit, LimitPartition.Of(limit.Per, context), bucket))));
        }
    }

    /// <summary>The limits of a route, for its endpoint; null where it has none.</summary>
    public RouteRates? Find(RouteConfig route)
    {
        Applied[] all = [.. RouteLimits.NamesOf(route).Distinct(StringComparer.Ordinal).Where(_limits.ContainsKey).Select(name => _limits[name])];
        return all.Length == 0 ? null : new([.. all.Where(limit => !limit.NeedsMessage)], [.. all.Where(limit => limit.NeedsMessage)]);
    }

    public Task BeforeTheBodyAsync(HttpContext context, RequestDelegate next) => InvokeAsync(context, next, RatesOf(context)?.BeforeTheBody);

    public Task AfterIdentityAsync(HttpContext context, RequestDelegate next) => InvokeAsync(context, next, RatesOf(context)?.AfterIdentity);

    public void Dispose()
    {
        foreach (var limit in _limits.Values)
        {
            limit.Limiter.Dispose();
        }
    }

    private static RouteRates? RatesOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<RouteRates>();

    private Task InvokeAsync(HttpContext context, RequestDelegate next, Applied[]? limits) =>
        limits is { Length: > 0 } ? InvokeEachAsync(context, next, limits) : next(context);

    private async Task InvokeEachAsync(HttpContext context, RequestDelegate next, Applied[] limits)
    {
        foreach (var limit in limits)
        {
            if (!await TryTakeAsync(context, limit))
            {
                return;
            }
        }

        await next(context);
    }

    /// <summary>False when the call has been refused, or the client has gone while it waited.</summary>
    private async ValueTask<bool> TryTakeAsync(HttpContext context, Applied limit)
    {
        using var lease = await AcquireAsync(context, limit.Name, limit.Limiter);
        if (lease is not { IsAcquired: false })
        {
            return lease is not null;
        }

        _metrics.Refused(limit.Name);
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : (TimeSpan?)null;
        RpcCall.Refuse(context, RpcOutcome.RateLimited, $"more requests than the rate limit '{limit.Name}' of the route allows", wait);
        return false;
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

/// <summary>The rate limits of a route, by when they are asked. Endpoint metadata.</summary>
internal sealed record RouteRates(Applied[] BeforeTheBody, Applied[] AfterIdentity);

/// <summary>A rate limit with what it has counted.</summary>
internal sealed record Applied(string Name, LimitScope Per, PartitionedRateLimiter<HttpContext> Limiter)
{
    public bool NeedsMessage => Per is LimitScope.User or LimitScope.Field;
}
