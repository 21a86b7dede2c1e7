using Gateway.Transforms.Reporting;
using Gateway.Transforms.Rpc;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Errors;

/// <summary>
/// First in the RPC pipeline: whatever fails behind it becomes one reply that a client can read, and each call one
/// metric, one span and, where asked for, one line of the access log.
/// </summary>
internal sealed class ErrorEnvelopeMiddleware(
    RequestDelegate next, ErrorEnvelope envelope, RpcMetrics metrics, OutcomeLog log, AccessLog accessLog, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RpcRoute>() is { } route ? InvokeRpcAsync(context, route) : next(context);

    private async Task InvokeRpcAsync(HttpContext context, RpcRoute route)
    {
        var rpc = new RpcFeature(route, time.GetTimestamp());
        context.Features.Set(rpc);
        try
        {
            Exception? failure = null;
            try
            {
                await next(context);
            }
            // A reply that has begun can't be replaced: what nobody expected goes on to the server, which cuts the connection.
            catch (Exception exception) when (!context.Response.HasStarted || OutcomeResolver.Of(context, exception) is not null)
            {
                failure = exception;
            }

            var outcome = Settle(context, rpc, failure);
            if (outcome is not (RpcOutcome.Ok or RpcOutcome.ClientGone) && !context.Response.HasStarted)
            {
                await envelope.WriteAsync(context, outcome, rpc.RequestId);
            }

            accessLog.Write(context, rpc, outcome);
        }
        finally
        {
            await rpc.ReleaseBodyAsync();
        }
    }

    /// <summary>Finds the outcome, and tells the log, the metrics and the trace.</summary>
    private RpcOutcome Settle(HttpContext context, RpcFeature rpc, Exception? failure)
    {
        var outcome = failure is null ? OutcomeResolver.Of(context, rpc) : OutcomeResolver.Of(context, failure);
        if (outcome is null)
        {
            log.Unexpected(rpc.Route, failure!);
        }
        else
        {
            log.Write(rpc, outcome.Value, failure ?? context.GetForwarderErrorFeature()?.Exception);
        }

        var settled = outcome ?? RpcOutcome.Internal;
        metrics.Count(rpc.Route, settled, CallTarget.Of(context), time.GetElapsedTime(rpc.StartedAt));
        CallTrace.Tag(context, rpc, settled);
        return settled;
    }
}
