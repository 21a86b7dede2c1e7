namespace Gateway.Transforms.Verdicts;

/// <summary>
/// What became of one attempt to have an instance serve a request. It is set once per attempt, and whoever comes after the attempt reads it and
/// nothing else: breaker, ejection, retries, reply, metrics, log and trace.
/// </summary>
/// <param name="Kind">What the end says about the instance.</param>
/// <param name="Outcome">What the client is told.</param>
/// <param name="Reach">How far the request got.</param>
/// <param name="Reason">Why it ended so, for the log only: it may name hosts. Null when there is nothing to add.</param>
/// <param name="Status">The sub-service's own word, as <c>grpc-status 14</c> or <c>HTTP status 503</c>; null when it said none, or said that all is well.</param>
public sealed record Verdict(VerdictKind Kind, RpcOutcome Outcome, Reach Reach, string? Reason = null, string? Status = null)
{
    /// <summary>The instance answered, and the client has its answer.</summary>
    public static Verdict Good { get; } = new(VerdictKind.Answered, RpcOutcome.Ok, Reach.Answered);

    /// <summary>When the instance was asked, as a timestamp; of <see cref="VerdictKind.Slow"/> alone.</summary>
    public long AskedAt { get; init; }

    /// <summary>What nobody expected, to be logged with its stack; null where the verdict is no defect of the gateway.</summary>
    public Exception? Defect { get; init; }

    /// <summary>Whether the attempt speaks against the instance. Not the opposite of success: an unjudged attempt is neither.</summary>
    public bool IsFailure => Kind is not (VerdictKind.Unjudged or VerdictKind.Answered);

    /// <summary>Status and reason in one, for the log.</summary>
    public string Description => (Status, Reason) switch
    {
        ({ } status, { Length: > 0 } reason) => $"{status}: {reason}",
        _ => Status ?? Reason ?? "no further detail",
    };

    /// <summary>The request was refused before an instance was picked for it.</summary>
    public static Verdict Refused(RpcOutcome outcome, string? reason) => new(VerdictKind.Unjudged, outcome, Reach.NotSent, reason);
}

/// <summary>What the end of an attempt says about the instance.</summary>
public enum VerdictKind
{
    /// <summary>Nothing: it ended for a reason that is not the instance's, or nobody knows for which. Never taken for a success.</summary>
    Unjudged,

    /// <summary>It answered: well, or with an error about this one request.</summary>
    Answered,

    /// <summary>There was no connection to it, or it refused the request unread.</summary>
    Unreachable,

    /// <summary>It says itself that it cannot serve now: gRPC status UNAVAILABLE, HTTP 503.</summary>
    Unavailable,

    /// <summary>Its connection broke after the request was sent, or within the answer.</summary>
    Broken,

    /// <summary>What it sent is no answer in the protocol of its cluster.</summary>
    Garbled,

    /// <summary>There was no whole answer in time; or it, or one behind it, says so: gRPC status DEADLINE_EXCEEDED, HTTP 504.</summary>
    Slow,
}

/// <summary>How far a request got. What was not sent can be sent again without doing anything twice.</summary>
public enum Reach
{
    /// <summary>No instance can have acted on it: no connection took all of it, or the peer says that it did nothing with it.</summary>
    NotSent,

    /// <summary>A connection has taken it, and nobody knows what became of it.</summary>
    PerhapsSent,

    /// <summary>The instance has begun to answer.</summary>
    Answered,
}
