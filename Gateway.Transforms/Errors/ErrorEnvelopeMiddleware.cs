using Gateway.Transforms.Reporting;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

/// <summary>
/// First in the RPC pipeline: whatever fails behind it becomes one reply that a client can read, and each call one
/// metric, one span and, where asked for, one line of the access log.
/// </summary>
internal sealed class ErrorEnvelopeMiddleware(
    RequestDelegate next, ErrorEnvelope envelope, RpcMetrics metrics, OutcomeLog log, AccessLog accessLog, CallMetadata metadata, IOptions<RpcOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RpcRoute>() is { } route ? InvokeRpcAsync(context, route) : next(context);

    private async Task InvokeRpcAsync(HttpContext context, RpcRoute route)
    {
        var rpc = new RpcFeature(route, time.GetTimestamp());
        context.Features.Set(rpc);
        metadata.TellClient(context, rpc);
        using var deadline = CallDeadline.Begin(context, route.Timeout);
        try
        {
            Verdict verdict;
            try
            {
                await next(context);
                verdict = RpcCall.Settle(context);
            }
            catch (Exception exception)
            {
                verdict = VerdictOf(context, rpc, exception);
            }

            log.Write(rpc, verdict);
            metrics.Count(route, verdict.Outcome, CallTarget.Of(context), time.GetElapsedTime(rpc.StartedAt));
            CallTrace.Tag(context, rpc, verdict.Outcome);
            if (verdict.Outcome is not (RpcOutcome.Ok or RpcOutcome.ClientGone) && !context.Response.HasStarted)
            {
                await envelope.WriteAsync(context, route.Envelope, verdict.Outcome, rpc.RequestId);
            }
            else if (verdict.Defect is not null)
            {
                // A reply that has begun can't be replaced, and must not look whole.
                context.Abort();
            }

            accessLog.Write(context, rpc, verdict.Outcome);
            if (verdict.Outcome is not RpcOutcome.ClientGone)
            {
                await rpc.DiscardRemainderAsync(context, options.Value, time, lifetime.ApplicationStopping);
            }
        }
        finally
        {
            await rpc.ReleaseBodyAsync();
        }
    }

    /// <summary>The verdict on the whole call: that of its last attempt, unless a step failed that has no other way to say so.</summary>
    private static Verdict VerdictOf(HttpContext context, RpcFeature rpc, Exception exception)
    {
        var verdict = CallVerdict.OfRequest(context, exception);
        if (rpc.Verdict is null)
        {
            rpc.Conclude(verdict);
        }

        return verdict.Defect is null ? rpc.Verdict! : verdict;
    }
}
