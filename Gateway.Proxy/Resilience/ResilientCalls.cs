using System.Runtime.CompilerServices;
using Gateway.Proxy.Resilience.Retries;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Rpc;
using Polly;
using Polly.CircuitBreaker;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>A step of the proxy pipeline, before an instance is picked: one request, as many attempts as it takes and may take.</summary>
internal sealed class ResilientCalls(ResilientClusters clusters, Retrying retrying)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var state = context.GetRouteModel().Cluster!;
        var cluster = clusters.Of(state);
        var polly = ResilienceContextPool.Shared.Get();
        var outcome = await cluster.Breaker.ExecuteAsync(
            static (_, call) => call.Self.CallAsync(call.Context, call.Next, call.State, call.Cluster),
            polly,
            (Self: this, Context: context, Next: next, State: state, Cluster: cluster));
        ResilienceContextPool.Shared.Return(polly);
        if (outcome.Exception is BrokenCircuitException open)
        {
            RpcCall.Refuse(context, RpcOutcome.NoInstance, $"nearly all calls of cluster '{cluster.Id}' fail, so it is left alone for a moment", open.RetryAfter);
        }
        else
        {
            outcome.ThrowIfException();
        }
    }

    /// <summary>Never throws. Its state is pooled, because every request passes here.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome<AttemptResult>> CallAsync(HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster)
    {
        try
        {
            cluster.Budget.Count();
            await next(context);
            var result = AttemptJudge.Of(context);
            return Outcome.FromResult(result is AttemptResult.Answered or AttemptResult.Unjudged
                ? result
                : await retrying.GoOnAsync(context, next, state, cluster, result));
        }
        catch (Exception exception)
        {
            // The breaker hands it on, and InvokeAsync throws it again.
            return Outcome.FromException<AttemptResult>(exception);
        }
    }
}
