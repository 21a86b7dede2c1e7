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
            var outcome = await RunAsync(context, rpc);
            metrics.Count(route, outcome, CallTarget.Of(context), time.GetElapsedTime(rpc.StartedAt));
            CallTrace.Tag(context, rpc, outcome);
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

    private async Task<RpcOutcome> RunAsync(HttpContext context, RpcFeature rpc)
    {
        Exception? failure = null;
        try
        {
            await next(context);
        }
        catch (Exception exception) when (OutcomeResolver.Of(context, exception) is not null)
        {
            failure = exception;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            log.Unexpected(rpc.Route, exception);
            return RpcOutcome.Internal;
        }

        var outcome = failure is null ? OutcomeResolver.Of(context, rpc) : OutcomeResolver.Of(context, failure)!.Value;
        log.Write(rpc, outcome, failure ?? context.GetForwarderErrorFeature()?.Exception);
        return outcome;
    }
}
