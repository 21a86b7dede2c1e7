using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Reporting;

/// <summary>What a host that exports metrics and spans has to name.</summary>
public static class CallMeters
{
    public static IReadOnlyList<string> Names { get; } = [RpcMetrics.MeterName, Upstreams.MeterName];

    /// <summary>Values of the tag <c>outcome</c> that are not the client's doing.</summary>
    public static IReadOnlyList<string> Failures { get; } = [.. Enum.GetValues<RpcOutcome>().Select(OutcomeTexts.Of).Where(text => text.IsFailure).Select(text => text.Code)];

    /// <summary>The value of the tag <c>outcome</c>.</summary>
    public static string CodeOf(RpcOutcome outcome) => OutcomeTexts.Of(outcome).Code;

    /// <summary>What makes the spans of calls to sub-services.</summary>
    public static string SpanSource => CallSpan.SourceName;
}
