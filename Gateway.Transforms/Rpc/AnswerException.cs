using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>What a sub-service sent is no good answer.</summary>
internal sealed class AnswerException(Verdict verdict) : Exception(verdict.Description)
{
    /// <summary>What it makes of the call.</summary>
    public Verdict Verdict { get; } = verdict;

    /// <summary>It is no answer in the protocol of the cluster.</summary>
    public static AnswerException Garbled(string reason) =>
        new(new Verdict(VerdictKind.Garbled, RpcOutcome.SubServiceFailed, Reach.Answered, reason));

    /// <summary>It is an answer, and the gateway can do nothing with it.</summary>
    public static AnswerException Unusable(string reason) =>
        new(new Verdict(VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered, reason));
}
