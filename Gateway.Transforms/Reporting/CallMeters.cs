using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Reporting;

/// <summary>What a host that exports metrics and spans has to name.</summary>
public static class CallMeters
{
    public static IReadOnlyList<string> Names { get; } = [RpcMetrics.MeterName, Upstreams.MeterName];

    /// <summary>Values of the tag <c>outcome</c>.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = CodesOf((_, _) => true);

    /// <summary>Those that are not the client's doing.</summary>
    public static IReadOnlyList<string> Failures { get; } = CodesOf((_, text) => text.IsFailure);

    /// <summary>Those of calls that the gateway did not make, for a reason that lies with the client.</summary>
    public static IReadOnlyList<string> Refusals { get; } =
        CodesOf((outcome, text) => !text.IsFailure && outcome is not (RpcOutcome.Ok or RpcOutcome.ClientGone));

    /// <summary>What makes the spans of calls to sub-services.</summary>
    public static string SpanSource => CallSpan.SourceName;

    private static string[] CodesOf(Func<RpcOutcome, OutcomeText, bool> isMeant) =>
        [.. Enum.GetValues<RpcOutcome>().Select(outcome => (outcome, text: OutcomeTexts.Of(outcome))).Where(pair => isMeant(pair.outcome, pair.text)).Select(pair => pair.text.Code)];
}
