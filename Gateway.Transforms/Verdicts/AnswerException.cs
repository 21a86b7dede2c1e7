namespace Gateway.Transforms.Verdicts;

/// <summary>There is no good answer: the sub-service sent none, or could not be asked.</summary>
internal sealed class AnswerException(Verdict verdict, bool isReplayable = false) : Exception(verdict.Description)
{
    /// <summary>What it makes of the call.</summary>
    public Verdict Verdict { get; } = verdict;

    /// <summary>The instance has not seen the request, and may well take it on another connection.</summary>
    public bool IsReplayable { get; } = isReplayable;

    /// <summary>No instance can have acted on the request.</summary>
    public static AnswerException Unreachable(string reason, bool isReplayable) =>
        new(new Verdict(VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent, reason), isReplayable);

    /// <summary>The request was sent, and then its connection broke, or the instance gave the call up.</summary>
    public static AnswerException Broken(string reason, Reach reach) =>
        new(new Verdict(VerdictKind.Broken, RpcOutcome.SubServiceFailed, reach, reason));

    /// <summary>It is no answer in the protocol of the cluster.</summary>
    public static AnswerException Garbled(string reason) =>
        new(new Verdict(VerdictKind.Garbled, RpcOutcome.SubServiceFailed, Reach.Answered, reason));

    /// <summary>It is an answer, and the gateway can do nothing with it.</summary>
    public static AnswerException Unusable(string reason) =>
        new(new Verdict(VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered, reason));
}
