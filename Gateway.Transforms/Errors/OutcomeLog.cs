using Gateway.Transforms.Rpc;
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

    public void Write(RpcFeature rpc, RpcOutcome outcome, Exception? exception)
    {
        switch (outcome)
        {
            case RpcOutcome.Ok:
                break;
            case RpcOutcome.SubServiceFailed or RpcOutcome.NoInstance or RpcOutcome.Overloaded or RpcOutcome.TimedOut or RpcOutcome.SessionStoreDown or RpcOutcome.Internal:
                if (_throttles[(int)outcome].TryPass(out var suppressed))
                {
                    Log.CallFailed(logger, rpc.Route.RouteId, rpc.Route.Path, OutcomeTexts.Of(outcome).Code, Describe(rpc, outcome, exception), suppressed);
                }

                break;
            default:
                Log.CallRefused(logger, rpc.Route.RouteId, OutcomeTexts.Of(outcome).Code, Describe(rpc, outcome, exception));
                break;
        }
    }

    public void Unexpected(RpcRoute route, Exception exception) => Log.CallBroke(logger, exception, route.RouteId);

    private static string Describe(RpcFeature rpc, RpcOutcome outcome, Exception? exception) =>
        rpc.Reason ?? exception?.GetBaseException().Message
        ?? (outcome == RpcOutcome.NoInstance ? "no destination of the cluster is available" : "no further detail");

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
