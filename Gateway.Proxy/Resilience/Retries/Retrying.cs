using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience.Retries;

/// <summary>Sends a request that failed to another instance, where that cannot do anything twice and the client has read nothing yet.</summary>
internal sealed class Retrying(ResilienceMetrics metrics)
{
    /// <summary>Goes on from a first attempt that failed, until one succeeds or no further one is allowed.</summary>
    public async ValueTask<AttemptResult> GoOnAsync(
        HttpContext context, RequestDelegate next, ClusterState state, ResilientCluster cluster, AttemptResult result)
    {
        var settings = cluster.Settings;
        var isIdempotent = ResilienceSettings.IsIdempotent(context.GetRouteModel().Config);
        List<DestinationState> tried = [];
        while (tried.Count < settings.MaxRetries && IsSafe(result, isIdempotent) && IsOpen(context))
        {
            if (context.GetReverseProxyFeature().ProxiedDestination is { } last)
            {
                tried.Add(last);
            }

            if (Others(state.DestinationsState, tried) is not { Length: > 0 } others)
            {
                metrics.Retried(state.ClusterId, "no-instance");
                return result;
            }

            if (!cluster.Budget.TryTake(settings.RetryBudgetPercent))
            {
                metrics.Retried(state.ClusterId, "no-budget");
                return result;
            }

            if (!TryReset(context))
            {
                return result;
            }

            context.ReassignProxyRequest(state);
            context.GetReverseProxyFeature().AvailableDestinations = others;
            await next(context);
            result = AttemptJudge.Of(context);
            metrics.Retried(state.ClusterId, result == AttemptResult.Answered ? "ok" : "failed");
        }

        return result;
    }

    /// <summary>Where to go next. When no other instance looks healthy, one that does not is still better than none.</summary>
    private static DestinationState[] Others(ClusterDestinationsState destinations, List<DestinationState> tried)
    {
        DestinationState[] available = [.. destinations.AvailableDestinations.Except(tried)];
        return available.Length > 0 ? available : [.. destinations.AllDestinations.Except(tried)];
    }

    /// <summary>Whether the request may be sent again without doing anything twice.</summary>
    private static bool IsSafe(AttemptResult result, bool isIdempotent) => result switch
    {
        AttemptResult.NotSent => true,
        AttemptResult.Unavailable or AttemptResult.Broken or AttemptResult.Garbled => isIdempotent,
        _ => false,
    };

    /// <summary>The client waits, has time left, and has read nothing.</summary>
    private static bool IsOpen(HttpContext context) => !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;

    /// <summary>Puts the request back as it was before it was sent; false when its body is gone.</summary>
    private static bool TryReset(HttpContext context)
    {
        if (RpcCall.FindReplayable(context) is { } call)
        {
            if (!call.CanReplay)
            {
                return false;
            }

            call.Replay();
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            return false;
        }

        context.Features.Set<IForwarderErrorFeature>(null);
        context.Response.StatusCode = StatusCodes.Status200OK;
        return true;
    }
}
