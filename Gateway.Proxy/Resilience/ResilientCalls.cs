using Gateway.Proxy.Resilience.Retries;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Rpc;
using Polly.CircuitBreaker;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>A step of the proxy pipeline, before an instance is picked: one request, as many attempts as it takes and may take.</summary>
internal sealed class ResilientCalls(ResilientClusters clusters, Retrying retrying)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var state = context.GetRouteModel().Cluster!;
        var cluster = clusters.Of(state);
        return cluster.Breaker.IsClosed ? CallAsync(context, next, state, cluster) : AskBreakerAsync(context, next, state, cluster);
    }

    /// <summary>Nearly every request: the breaker would let it through anyway, so it is only told what became of it.</summary>
    private async Task CallAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        cluster.Budget.Count();
        await next(context);
        await cluster.Breaker.TellAsync(await SettleAsync(context, next, state, cluster));
    }

    /// <summary>The cluster is being left alone: the breaker decides whether this request finds out how it is.</summary>
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

    private async ValueTask<AttemptResult> TryAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        cluster.Budget.Count();
        await next(context);
        return await SettleAsync(context, next, state, cluster);
    }

    /// <summary>What became of the first attempt, or of those that had to follow it.</summary>
    private ValueTask<AttemptResult> SettleAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        var result = AttemptJudge.Of(context);
        return result is AttemptResult.Answered or AttemptResult.Unjudged
            ? new(result)
            : retrying.GoOnAsync(context, next, state, cluster, result);
    }
}
