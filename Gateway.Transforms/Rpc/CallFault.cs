namespace Gateway.Transforms.Rpc;

/// <summary>What a failed call says about the instance it was made to. Beside the outcome, which is what the client is told.</summary>
public enum CallFault
{
    /// <summary>Nothing. It answered, if only with an error about this one call.</summary>
    None,

    /// <summary>It says itself that it cannot serve now: gRPC status UNAVAILABLE, HTTP 503.</summary>
    Unavailable,

    /// <summary>It, or one behind it, was too slow: gRPC status DEADLINE_EXCEEDED, HTTP 504.</summary>
    Slow,

    /// <summary>Its connection broke within the answer.</summary>
    Broken,

    /// <summary>What it sent is no answer in this protocol.</summary>
    Garbled,
}
