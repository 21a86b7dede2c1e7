using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Logging;

namespace Gateway.Transforms.Errors;

/// <summary>
/// Logs calls that did not end well. What the client did wrong is Debug; what an operator has to look at is Warning, at most one
/// line a second for each outcome, because a failing service fails every call.
/// </summary>
internal sealed partial class OutcomeLog(ILogger<OutcomeLog> logger, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly LogThrottle[] _throttles =
        [.. Enum.GetValues<RpcOutcome>().Select(_ => new LogThrottle(time, Interval))];

    public void Write(RpcFeature rpc, Verdict verdict)
    {
        var outcome = verdict.Outcome;
        switch (outcome)
        {
            case RpcOutcome.Internal when verdict.Defect is { } defect:
                Log.CallBroke(logger, defect, rpc.Route.RouteId);
                break;
            case RpcOutcome.Ok:
                break;
            case var _ when OutcomeTexts.Of(outcome).IsFailure:
                if (_throttles[(int)outcome].TryPass(out var suppressed))
                {
                    Log.CallFailed(logger, rpc.Route.RouteId, rpc.Route.Path, OutcomeTexts.Of(outcome).Code, verdict.Description, suppressed);
                }

                break;
            default:
                Log.CallRefused(logger, rpc.Route.RouteId, OutcomeTexts.Of(outcome).Code, verdict.Description);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1500, LogLevel.Warning,
            "Route '{RouteId}': call to '{RpcPath}' ended as '{Outcome}': {Reason} ({Suppressed} like it since the last such line were not logged)",
            EventName = "CallFailed")]
        public static partial void CallFailed(ILogger logger, string routeId, string rpcPath, string outcome, string reason, int suppressed);

        [LoggerMessage(1501, LogLevel.Debug, "Route '{RouteId}': request refused as '{Outcome}': {Reason}", EventName = "CallRefused")]
        public static partial void CallRefused(ILogger logger, string routeId, string outcome, string reason);

        [LoggerMessage(1502, LogLevel.Error, "Route '{RouteId}': the gateway failed while handling a call", EventName = "CallBroke")]
        public static partial void CallBroke(ILogger logger, Exception exception, string routeId);
    }
}
