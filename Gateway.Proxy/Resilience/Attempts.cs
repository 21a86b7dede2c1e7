using Gateway.Proxy.Destinations;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Polly.CircuitBreaker;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>
/// A step of the proxy pipeline, before an instance is picked. It makes the attempts of a request: one, and further ones with other instances where
/// the request cannot be carried out twice and the client has read nothing yet. The breaker of the cluster is told the verdict on the last attempt.
/// </summary>
internal sealed class Attempts(ResilientClusters clusters, DrainedDestinations drained, ResilienceMetrics metrics)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var state = context.GetRouteModel().Cluster!;
        var cluster = clusters.Of(state);
        return cluster.Breaker.IsClosed ? CallAsync(context, next, state, cluster) : AskBreakerAsync(context, next, state, cluster);
    }

    /// <summary>Nearly every request: the breaker lets all through, so it is only told the verdict.</summary>
    private async Task CallAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        cluster.Budget.Count();
        await next(context);
        await cluster.Breaker.TellAsync(await EndAsync(context, next, state, cluster));
    }

    /// <summary>The cluster is being left alone: the breaker decides whether this request is the probe that finds out how the cluster is.</summary>
    private async Task AskBreakerAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        var outcome = await cluster.Breaker.AskAsync(
            static call => call.Self.TryAsync(call.Context, call.Next, call.State, call.Cluster),
            (Self: this, Context: context, Next: next, State: state, Cluster: cluster));
        if (outcome.Exception is BrokenCircuitException open)
        {
            RpcCall.Refuse(context, RpcOutcome.NoInstance, $"nearly all calls of cluster '{cluster.Id}' fail, so it is left alone for a moment", open.RetryAfter);
        }
        else
        {
            outcome.ThrowIfException();
        }
    }

    private async ValueTask<Verdict> TryAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        cluster.Budget.Count();
        await next(context);
        return await EndAsync(context, next, state, cluster);
    }

    private ValueTask<Verdict> EndAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        var verdict = RpcCall.Settle(context);
        return verdict.IsFailure ? RetryAsync(context, next, state, cluster, verdict) : new(verdict);
    }

    /// <summary>Goes on from a first attempt that failed, until one succeeds or no further one is allowed.</summary>
    private async ValueTask<Verdict> RetryAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster, Verdict verdict)
    {
        var settings = cluster.Settings;
        var isIdempotent = ResilienceSettings.IsIdempotent(context.GetRouteModel().Config);
        List<DestinationState> tried = [];
        while (tried.Count < settings.MaxRetries && IsSafe(verdict, isIdempotent) && IsOpen(context))
        {
            if (context.GetReverseProxyFeature().ProxiedDestination is { } last)
            {
                tried.Add(last);
            }

            if (Others(state, tried) is not { Length: > 0 } others)
            {
                metrics.Retried(state.ClusterId, "no-instance");
                return verdict;
            }

            if (!cluster.Budget.TryTake(settings.RetryBudgetPercent))
            {
                metrics.Retried(state.ClusterId, "no-budget");
                return verdict;
            }

            if (!RpcCall.TryReplay(context))
            {
                return verdict;
            }

            context.ReassignProxyRequest(state);
            context.GetReverseProxyFeature().AvailableDestinations = others;
            await next(context);
            verdict = RpcCall.Settle(context);
            metrics.Retried(state.ClusterId, verdict.Kind == VerdictKind.Answered ? "ok" : "failed");
        }

        return verdict;
    }

    /// <summary>Where to go next. When no other instance looks healthy, one that does not is still better than none.</summary>
    private DestinationState[] Others(ClusterState cluster, List<DestinationState> tried)
    {
        var destinations = cluster.DestinationsState;
        DestinationState[] available = [.. drained.Without(cluster.ClusterId, destinations.AvailableDestinations).Except(tried)];
        return available.Length > 0 ? available : [.. drained.Without(cluster.ClusterId, destinations.AllDestinations).Except(tried)];
    }

    /// <summary>Whether the request may be sent again without being carried out twice.</summary>
    private static bool IsSafe(Verdict verdict, bool isIdempotent) => verdict.Kind switch
    {
        VerdictKind.Unreachable or VerdictKind.Unavailable => isIdempotent || verdict.Reach == Reach.NotSent,
        VerdictKind.Broken or VerdictKind.Garbled => isIdempotent,
        _ => false,
    };

    /// <summary>The client waits, has time left, and has read nothing.</summary>
    private static bool IsOpen(HttpContext context) => !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;
}
