using Gateway.Transforms.Errors;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// What a sub-service sent is no good answer. An <see cref="IOException"/>, so that YARP treats it as a broken body when it is
/// thrown in the middle of one.
/// </summary>
internal sealed class AnswerException : IOException
{
    public AnswerException(RpcOutcome outcome, string reason, CallFault fault = CallFault.Garbled)
        : base(reason)
    {
        Outcome = outcome;
        Fault = fault;
    }

    public RpcOutcome Outcome { get; }

    /// <summary>What it says about the instance.</summary>
    public CallFault Fault { get; }
}
