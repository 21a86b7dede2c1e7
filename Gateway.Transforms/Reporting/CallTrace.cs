using System.Diagnostics;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Reporting;

/// <summary>Puts what the gateway knows of a call on the span of the client's request. No session id, no user id, no body.</summary>
internal static class CallTrace
{
    public static void Tag(HttpContext context, RpcFeature rpc, RpcOutcome outcome)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span)
        {
            return;
        }

        var target = CallTarget.Of(context);
        span.DisplayName = $"POST {rpc.Route.RouteId}";
        span.SetTag("rpc.method", rpc.Route.Path[1..]);
        span.SetTag("gateway.route", rpc.Route.RouteId);
        span.SetTag("gateway.outcome", OutcomeTexts.Of(outcome).Code);
        span.SetTag("gateway.cluster", target.Cluster);
        span.SetTag("gateway.destination", target.Destination);
        if (outcome is not RpcOutcome.Ok)
        {
            span.SetStatus(ActivityStatusCode.Error, OutcomeTexts.Of(outcome).Code);
        }
    }
}
